import type { RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import type { Program } from '../../../shared/kernel/processes.ts'
import { API, CLOUD, createProgramsLab, serveCloud } from './programs-lab.ts'

/** The documents lost their indentation; dates and addresses are the lab's. */
const words = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')

const seedAnswer: RequestListener = (_request, response) => {
  response.writeHead(403, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': '9',
    Connection: 'keep-alive',
    'Keep-Alive': 'timeout=5',
    ETag: '"5fb40950-9"',
    'Cache-Control': 'no-store',
    Pragma: 'no-cache',
    'Content-Security-Policy': 'default-src https: ;',
    'X-Content-Type-Options': 'nosniff',
    'X-XSS-Protection': '1; mode=block',
    'X-Frame-Options': 'SAMEORIGIN',
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  })
  response.end('Forbidden')
}

test('seed C: curl to a host that resolves prints the documented trace', async () => {
  const lab = await createProgramsLab()
  await serveCloud(lab, seedAnswer, { requestCert: false })
  const { output, exitCode } = await lab.run(`curl -v -k https://${API}`)
  expect(words(output)).toEqual(
    words(`
* Rebuilt URL to: https://api-sse.cisco.com/
* Trying ${CLOUD}...
* Connected to api-sse.cisco.com (${CLOUD}) port 443 (#0)
* ALPN, offering http/1.1
* Cipher selection: ALL:!EXPORT:!EXPORT40:!EXPORT56:!aNULL:!LOW:!RC4:@STRENGTH
* successfully set certificate verify locations:
* CAfile: none
CApath: /etc/ssl/certs
* TLSv1.2 (OUT), TLS header, Certificate Status (22):
* TLSv1.2 (OUT), TLS handshake, Client hello (1):
* TLSv1.2 (IN), TLS handshake, Server hello (2):
* TLSv1.2 (IN), TLS handshake, Certificate (11):
* TLSv1.2 (IN), TLS handshake, Server key exchange (12):
* TLSv1.2 (IN), TLS handshake, Server finished (14):
* TLSv1.2 (OUT), TLS handshake, Client key exchange (16):
* TLSv1.2 (OUT), TLS change cipher, Client hello (1):
* TLSv1.2 (OUT), TLS handshake, Finished (20):
* TLSv1.2 (IN), TLS change cipher, Client hello (1):
* TLSv1.2 (IN), TLS handshake, Finished (20):
* SSL connection using TLSv1.2 / ECDHE-RSA-AES128-GCM-SHA256
* ALPN, server accepted to use http/1.1
* Server certificate:
* subject: C=US; ST=California; L=San Jose; O=Cisco Systems, Inc.; CN=api-sse.cisco.com
* start date: 2019-12-03 20:57:56 GMT
* expire date: 2049-12-03 21:07:00 GMT
* issuer: C=US; O=HydrantID (Avalanche Cloud Corporation); CN=HydrantID SSL ICA G2
* SSL certificate verify result: self signed certificate in certificate chain (19), continuing anyway.
> GET / HTTP/1.1
> Host: api-sse.cisco.com
> User-Agent: curl/7.44.0
> Accept: */*
>
< HTTP/1.1 403 Forbidden
< Date: Mon, 05 Jan 2026 12:00:00 GMT
< Content-Type: text/plain; charset=utf-8
< Content-Length: 9
< Connection: keep-alive
< Keep-Alive: timeout=5
< ETag: "5fb40950-9"
< Cache-Control: no-store
< Pragma: no-cache
< Content-Security-Policy: default-src https: ;
< X-Content-Type-Options: nosniff
< X-XSS-Protection: 1; mode=block
< X-Frame-Options: SAMEORIGIN
< Strict-Transport-Security: max-age=31536000; includeSubDomains
<
* Connection #0 to host api-sse.cisco.com left intact
Forbidden`),
  )
  expect(exitCode).toBe(0)
  await lab.sim.close()
})

test('seed C: nslookup follows the canonical name to both addresses', async () => {
  const lab = await createProgramsLab()
  const target = `${API}.akadns.net`
  lab.zone[API] = [
    { type: 'CNAME', name: API, data: target },
    { type: 'A', name: target, data: '203.0.113.66' },
    { type: 'A', name: target, data: '203.0.113.67' },
  ]
  expect(words((await lab.run(`nslookup ${API}`)).output)).toEqual(
    words(`
Server: 192.0.2.11
Address: 192.0.2.11#53
Non-authoritative answer:
api-sse.cisco.com canonical name = api-sse.cisco.com.akadns.net.
Name: api-sse.cisco.com.akadns.net
Address: 203.0.113.66
Name: api-sse.cisco.com.akadns.net
Address: 203.0.113.67`),
  )
  await lab.sim.close()
})

const SOCKET = '/ngfw/var/sf/run/EventHandler_SSEConnector.sock'

const eventHandler: Program = async (world) => {
  await world.ipc.bindPush(SOCKET)
  return new Promise(() => {})
}

const connector: Program = async (world, { argv }) => {
  await world.net.listen({ address: '127.0.0.1', port: 8989 }, () => {})
  if (argv[1] === 'attach') await world.ipc.connectPull(SOCKET)
  await world.net.dial({ address: CLOUD, port: 443 })
  return new Promise(() => {})
}

const DAEMONS = { '/ngfw/usr/local/sf/bin/EventHandler': eventHandler, '/ngfw/usr/local/sf/bin/connector': connector }

async function startDaemons(attach: boolean) {
  const lab = await createProgramsLab(DAEMONS)
  await lab.ftd.files.makeDir('/ngfw/var/sf/run')
  await lab.ftd.files.write('/etc/hosts', '127.0.0.1 localhost\n192.0.2.27 firepower.cisco.com\n')
  const name = '66.113.0.203.in-addr.arpa'
  lab.zone[name] = [{ type: 'PTR', name, data: 'ec2-203-0-113-66.compute-1.amazonaws.com' }]
  const start = async (path: string, args: readonly string[] = []): Promise<number> => {
    const child = await lab.ftd.processes.spawn(path, { args, user: path.endsWith('connector') ? 'www' : 'root' })
    await lab.sim.advance(1)
    return child.pid
  }
  return {
    lab,
    eventHandlerPid: await start('/ngfw/usr/local/sf/bin/EventHandler'),
    startConnector: () => start('/ngfw/usr/local/sf/bin/connector', attach ? ['attach'] : []),
  }
}

test('seeds A, B: netstat shows the listening socket alone while the connector is not attached', async () => {
  const { lab, eventHandlerPid } = await startDaemons(false)
  const rows = (await lab.run('netstat -anlp')).output.split('\n').filter((line) => line.includes('EventHandler_SSEConnector.sock'))
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatch(
    new RegExp(`^unix  2      \\[ ACC \\]     STREAM     LISTENING     \\d+ * ${eventHandlerPid}/EventHandler   ${SOCKET}$`),
  )
  await lab.sim.close()
})

test('seeds A, B: once the connector is attached both rows belong to EventHandler', async () => {
  const { lab, eventHandlerPid, startConnector } = await startDaemons(true)
  await serveCloud(lab)
  await startConnector()
  const rows = (await lab.run('netstat -anlp')).output.split('\n').filter((line) => line.includes('EventHandler_SSEConnector.sock'))
  expect(rows.map((row) => row.replace(/\s+/g, ' ').replace(/ \d+ (?=\d+\/)/, ' INODE '))).toEqual([
    `unix 2 [ ACC ] STREAM LISTENING INODE ${eventHandlerPid}/EventHandler ${SOCKET}`,
    `unix 3 [ ] STREAM CONNECTED INODE ${eventHandlerPid}/EventHandler ${SOCKET}`,
  ])
  await lab.sim.close()
})

test('seeds A, B: lsof shows the local listener, and the cloud by its reverse name, in SYN_SENT while it is dropped', async () => {
  const { lab, startConnector } = await startDaemons(false)
  await lab.gateway.net.forward({ rules: [{ action: 'drop', protocol: 'tcp', port: 443 }], otherwise: 'accept' })
  const pid = await startConnector()
  const rows = (await lab.run('lsof -i')).output.split('\n').filter((line) => line.includes('conn'))
  expect(
    rows.map((row) =>
      row
        .replace(/\s+/g, ' ')
        .replace(/ \d+u IPv4 \d+ /, ' FD IPv4 INODE ')
        .replace(/:\d{5}->/, ':PORT->'),
    ),
  ).toEqual([
    `connector ${pid} www FD IPv4 INODE 0t0 TCP localhost:8989 (LISTEN)`,
    `connector ${pid} www FD IPv4 INODE 0t0 TCP firepower.cisco.com:PORT->ec2-203-0-113-66.compute-1.amazonaws.com:https (SYN_SENT)`,
  ])
  await lab.sim.close()
})

test('seeds A, B: lsof shows the cloud connection as ESTABLISHED when it stands', async () => {
  const { lab, startConnector } = await startDaemons(false)
  await serveCloud(lab)
  await startConnector()
  expect((await lab.run('lsof -i')).output).toMatch(/^connector .*->ec2-203-0-113-66\.compute-1\.amazonaws\.com:https \(ESTABLISHED\)$/m)
  await lab.sim.close()
})

test('seed A: canConnect of an unreachable cloud is silent and ends with 28, of an unresolvable one with 6', async () => {
  const lab = await createProgramsLab()
  await lab.ftd.files.makeDir('/ngfw/etc/sf/keys/fireamp/thawte_roots')
  const canConnect =
    'curl -s --connect-timeout 10 -m 20 -L --max-redirs 5 --max-filesize 104857600 --capath /ngfw/etc/sf/keys/fireamp/thawte_roots -f ' +
    `https://${API}/providers/sse/api/v1/regions`
  await lab.gateway.net.forward({ rules: [{ action: 'drop', protocol: 'tcp', port: 443 }], otherwise: 'accept' })
  expect(await lab.run(canConnect)).toEqual({ exitCode: 28, output: '', stdout: '', stderr: '' })
  await lab.ftd.files.write('/etc/resolv.conf', 'nameserver 192.0.2.10\n')
  expect((await lab.run(canConnect)).exitCode).toBe(6)
  await lab.sim.close()
})
