import type { RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import { serveHttp } from '../../../shared/wire/http/server.ts'
import { API, CLOUD, createProgramsLab, pki, serveCloud, serveRaw, transcript, type ProgramsLab } from './programs-lab.ts'

/** What is true of the world in each transcript; the exit code of its command. */
const CASES: Record<string, readonly [exitCode: number, arrange: (lab: ProgramsLab) => Promise<void>]> = {
  'curl-healthy': [0, (lab) => serveCloud(lab)],
  'curl-healthy-without-client-certificate': [0, (lab) => serveCloud(lab, undefined, { requestCert: false })],
  'curl-connector-ca': [0, (lab) => serveCloud(lab)],
  'curl-not-resolved': [6, async (lab) => lab.ftd.files.write('/etc/resolv.conf', 'nameserver 192.0.2.10\n')],
  'curl-no-dns-server': [6, async (lab) => lab.ftd.files.write('/etc/resolv.conf', '')],
  'curl-lookup-timed-out': [6, async (lab) => lab.ftd.files.write('/etc/resolv.conf', 'nameserver 192.0.2.10\nnameserver 192.0.2.12\n')],
  'curl-refused': [7, async () => {}],
  'curl-no-route': [7, async () => {}],
  'curl-no-neighbour': [7, async () => {}],
  'curl-dropped': [28, dropHttps],
  'curl-dropped-two-addresses': [
    28,
    async (lab) => {
      lab.zone[API] = [CLOUD, '203.0.113.67'].map((data) => ({ type: 'A', name: API, data }))
      await dropHttps(lab)
    },
  ],
  'curl-dropped-kernel-gives-up': [7, dropHttps],
  'curl-handshake-stalls': [28, (lab) => serveRaw(lab, 443, () => {})],
  'curl-handshake-reset': [35, (lab) => serveRaw(lab, 443, (conn) => conn.resetAndDestroy())],
  'curl-handshake-alert': [35, (lab) => serveRaw(lab, 443, (conn) => conn.write(Buffer.from([21, 3, 3, 0, 2, 2, 40])))],
  'curl-not-tls': [35, (lab) => serveRaw(lab, 443, (conn) => conn.end('HTTP/1.1 400 Bad Request\r\n\r\n'))],
  'curl-untrusted': [60, (lab) => serveCloud(lab)],
  'curl-expired': [
    60,
    async (lab) => {
      const expired = pki.issue({ commonName: API, validToMs: Date.UTC(2021, 11, 3, 21, 7, 0) })
      await serveCloud(lab, undefined, { identity: () => expired })
    },
  ],
  'curl-wrong-name': [
    51,
    async (lab) => {
      const other = pki.issue({ commonName: 'block.example.com' })
      await serveCloud(lab, undefined, { identity: () => other })
    },
  ],
  'curl-ca-file-missing': [77, (lab) => serveCloud(lab)],
  'curl-http-error': [22, (lab) => serveCloud(lab)],
  'curl-captive-portal': [47, (lab) => servePlain(lab, redirect)],
  'curl-redirect-to-other-host': [0, (lab) => servePlain(lab, (request, response) => redirectTo(request.url!, response))],
  'curl-empty-reply': [52, (lab) => serveRaw(lab, 80, (conn) => conn.end())],
  'curl-reset': [56, (lab) => serveRaw(lab, 80, (conn) => conn.resetAndDestroy())],
  'curl-cut-short': [18, (lab) => serveRaw(lab, 80, (conn) => conn.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'))],
  'curl-http-1.0': [0, (lab) => serveRaw(lab, 80, (conn) => conn.end('HTTP/1.0 200 OK\r\nServer: x\r\n\r\nbody\n'))],
  'curl-too-large': [63, (lab) => serveRaw(lab, 80, (conn) => conn.write('HTTP/1.1 200 OK\r\nContent-Length: 104857601\r\n\r\n'))],
  'curl-no-answer': [28, (lab) => serveRaw(lab, 80, () => {})],
  'curl-post': [0, (lab) => servePlain(lab, (_request, response) => void response.writeHead(200, { 'Content-Length': '2' }).end('ok'))],
  'curl-proxy': [
    0,
    async (lab) => {
      await serveCloud(lab)
      await serveProxy(lab, 'HTTP/1.1 200 Connection established\r\n\r\n')
    },
  ],
  'curl-proxy-wants-login': [
    56,
    (lab) =>
      serveProxy(lab, 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 0\r\n\r\n'),
  ],
  'curl-proxy-not-resolved': [5, async () => {}],
  'nslookup-healthy': [0, async () => {}],
  'nslookup-no-servers': [1, async (lab) => lab.ftd.files.write('/etc/resolv.conf', 'nameserver 192.0.2.10\n')],
  'nslookup-nxdomain': [1, async () => {}],
  'nslookup-servfail': [1, async (lab) => void (lab.zone[API] = 'SERVFAIL')],
  'nslookup-reverse': [
    0,
    async (lab) => {
      const name = '66.113.0.203.in-addr.arpa'
      lab.zone[name] = [{ type: 'PTR', name, data: 'ec2-203-0-113-66.compute-1.amazonaws.com' }]
    },
  ],
  'nslookup-cname-without-address': [0, async (lab) => void (lab.zone[API] = [{ type: 'CNAME', name: API, data: `${API}.akadns.net` }])],
  'ping-filtered': [1, async (lab) => lab.gateway.net.forward({ rules: [{ action: 'drop', protocol: 'icmp' }], otherwise: 'accept' })],
  'ping-unknown-host': [2, async () => {}],
  'telnet-refused': [1, async () => {}],
  'telnet-dropped': [1, dropHttps],
}

async function dropHttps(lab: ProgramsLab): Promise<void> {
  await lab.gateway.net.forward({ rules: [{ action: 'drop', protocol: 'tcp', port: 443 }], otherwise: 'accept' })
}

async function servePlain(lab: ProgramsLab, handler: RequestListener): Promise<void> {
  await lab.sim.run(serveHttp(lab.cloud, { port: 80, handler }))
}

const redirect: RequestListener = (_request, response) => {
  response.writeHead(302, { Location: '/login', 'Content-Length': '4' }).end('move')
}

function redirectTo(path: string, response: Parameters<RequestListener>[1]): void {
  if (path === '/') response.writeHead(301, { Location: `http://${CLOUD}/there`, 'Content-Length': '0', Connection: 'close' }).end()
  else response.writeHead(200, { 'Transfer-Encoding': 'chunked' }).end('arrived\n')
}

/** A proxy that gives one answer to CONNECT and, when it is a 200, passes everything on to the cloud. */
async function serveProxy(lab: ProgramsLab, answer: string): Promise<void> {
  await lab.gateway.net.listen({ port: 3128 }, (conn) => {
    conn.once('data', () => {
      conn.write(answer)
      if (!answer.includes(' 200 ')) return
      void lab.gateway.net.dial({ address: CLOUD, port: 443 }).then((upstream) => {
        conn.pipe(upstream).pipe(conn)
      })
    })
  })
}

test.each(Object.entries(CASES))('%s prints its transcript', async (name, [exitCode, arrange]) => {
  const lab = await createProgramsLab()
  await arrange(lab)
  const { command, output } = transcript(name)
  const result = await lab.run(command)
  expect(result.output).toBe(output)
  expect(result.exitCode).toBe(exitCode)
  await lab.sim.close()
})
