import type { TLSSocket } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCurlOptions } from '../../../shared/host/programs/curl/options.ts'
import { parseCurlUrl, redirectTarget } from '../../../shared/host/programs/curl/url.ts'
import { serveHttp } from '../../../shared/wire/http/server.ts'
import { acceptTls, CLOUD_TLS } from '../../../shared/wire/tls/server.ts'
import { API, CLOUD, CONNECTOR_CA, createProgramsLab, pki, serveCloud, serveRaw, type ProgramsLab } from './programs-lab.ts'

async function echoing(): Promise<{ lab: ProgramsLab; requests: string[] }> {
  const lab = await createProgramsLab()
  const requests: string[] = []
  await lab.sim.run(
    serveHttp(lab.cloud, {
      port: 80,
      handler: (request, response) => {
        requests.push(`${request.method} ${request.url} ${request.headers.host}`)
        response.writeHead(200, { 'Content-Length': String(request.url!.length) }).end(request.url)
      },
    }),
  )
  return { lab, requests }
}

describe('command line', () => {
  test('mistakes are told as curl tells them, with exit code 2', async () => {
    const lab = await createProgramsLab()
    const help = "curl: try 'curl --help' or 'curl --manual' for more information\n"
    for (const [command, line] of [
      ['curl', ''],
      ['curl --foo', 'curl: option --foo: is unknown\n'],
      ['curl --ca x', 'curl: option --ca: is ambiguous\n'],
      ['curl -m x http://a', 'curl: option -m: expected a proper numerical parameter\n'],
      ['curl -o', 'curl: option -o: requires parameter\n'],
      ['curl -v', 'curl: no URL specified!\n'],
    ] as const)
      expect(await lab.run(command)).toMatchObject({ exitCode: 2, stderr: `${line}${help}` })
    await lab.sim.close()
  })

  test('short options combine and long names may be cut short', () => {
    expect(parseCurlOptions(['-vkm5', '--connect-time', '10', '-sSf', 'x'])).toMatchObject({
      verbose: true,
      insecure: true,
      maxTimeMs: 5_000,
      connectTimeoutMs: 10_000,
      silent: true,
      showError: true,
      fail: true,
      urls: ['x'],
    })
  })

  test('version and help end with 0', async () => {
    const lab = await createProgramsLab()
    expect((await lab.run('curl --version')).output).toMatch(/^curl 7\.44\.0 /)
    expect(await lab.run('curl -h')).toMatchObject({ exitCode: 0 })
    await lab.sim.close()
  })

  test('malformed and foreign URLs end with 3 and 1', async () => {
    const lab = await createProgramsLab()
    expect(await lab.run('curl https://')).toMatchObject({ exitCode: 3, stderr: 'curl: (3) <url> malformed\n' })
    expect(await lab.run('curl file:///etc/passwd')).toMatchObject({ exitCode: 3 })
    expect(await lab.run('curl ftp://a/')).toMatchObject({ exitCode: 1 })
    await lab.sim.close()
  })

  test('any words are either options or a complaint, never a crash', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('-v', '-m', '--', '-', '--max-time', '-XPOST', '--max-redirs', '-1'))),
        (args) => {
          const parsed = parseCurlOptions(args)
          expect(typeof parsed === 'string' || Array.isArray(parsed.urls)).toBe(true)
        },
      ),
    )
  })
})

describe('URLs', () => {
  test('a missing scheme is http and a missing path is added', () => {
    expect(parseCurlUrl('localhost:8989')).toMatchObject({
      scheme: 'http',
      host: 'localhost',
      port: 8989,
      path: '/',
      text: 'localhost:8989/',
      rebuilt: true,
    })
    expect(parseCurlUrl('https://a?b=c')).toMatchObject({ path: '/?b=c', text: 'https://a/?b=c', port: 443, rebuilt: true })
    expect(parseCurlUrl('https://u:p@a:8443/x#y')).toMatchObject({ credentials: 'u:p', host: 'a', port: 8443, path: '/x', rebuilt: false })
  })

  test('redirects are resolved against the URL they came from', () => {
    const from = parseCurlUrl('https://a:444/x/y?z=1')!
    expect(['/p', 'p', '//b/p', 'http://b/'].map((location) => redirectTarget(from, location))).toEqual([
      'https://a:444/p',
      'https://a:444/x/p',
      'https://b/p',
      'http://b/',
    ])
  })
})

describe('output', () => {
  test('several URLs share a connection and go to the files asked for', async () => {
    const { lab, requests } = await echoing()
    const result = await lab.run(
      `curl -s -o /tmp/first -O -w '%{http_code} %{num_connects} %{url_effective}\\n' http://${API}/one ${API}/dir/two ${API}/three`,
      { cwd: '/home' },
    )
    expect(result).toMatchObject({
      exitCode: 0,
      output: `200 1 http://${API}/one\n200 0 HTTP://${API}/dir/two\n/three200 0 HTTP://${API}/three\n`,
    })
    expect(requests).toEqual(['/one', '/dir/two', '/three'].map((path) => `GET ${path} ${API}`))
    expect(String(await lab.ftd.files.read('/tmp/first'))).toBe('/one')
    expect(String(await lab.ftd.files.read('/home/two'))).toBe('/dir/two')
    await lab.sim.close()
  })

  test('-I asks with HEAD and prints the head; -i prints it before the body', async () => {
    const { lab } = await echoing()
    expect((await lab.run(`curl -I ${API}/x`)).stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n(.+\r\n)+\r\n$/)
    expect((await lab.run(`curl -i ${API}/x`)).stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n(.+\r\n)+\r\n\/x$/)
    await lab.sim.close()
  })

  test('-s says nothing of errors, -S says it again', async () => {
    const lab = await createProgramsLab()
    expect((await lab.run(`curl -s http://${API}`)).output).toBe('')
    expect((await lab.run(`curl -sS http://${API}`)).output).toBe(`curl: (7) Failed to connect to ${API} port 80: Connection refused\n`)
    await lab.sim.close()
  })

  test('-d @- reads standard input', async () => {
    const lab = await createProgramsLab()
    await lab.sim.run(serveHttp(lab.cloud, { port: 80, handler: (request, response) => void request.pipe(response) }))
    expect((await lab.run(`curl -d @- ${API}`, { input: 'a=b\n' })).stdout).toBe('a=b')
    await lab.sim.close()
  })
})

describe('names and proxies', () => {
  test('--resolve goes before DNS', async () => {
    const { lab } = await echoing()
    expect((await lab.run(`curl -v --resolve nowhere.cisco.com:80:${CLOUD} http://nowhere.cisco.com/x`)).output).toMatch(
      /^\* Added nowhere\.cisco\.com:80:203\.0\.113\.66 to DNS cache\n\* Hostname nowhere\.cisco\.com was found in DNS cache\n\* {3}Trying/,
    )
    await lab.sim.close()
  })

  test('the environment names the proxy of each scheme, and hosts without', async () => {
    const { lab } = await echoing()
    const env = { http_proxy: 'http://proxy.example.com:3128', no_proxy: 'cisco.com' }
    expect(await lab.run('curl http://example.org/', { env })).toMatchObject({
      exitCode: 5,
      stderr: "curl: (5) Couldn't resolve proxy 'proxy.example.com'\n",
    })
    expect(await lab.run(`curl http://${API}/x`, { env })).toMatchObject({ exitCode: 0 })
    expect((await lab.run('curl https://example.org/', { env })).exitCode).toBe(6)
    await lab.sim.close()
  })

  test('plain HTTP asks a proxy for the whole URL', async () => {
    const { lab, requests } = await echoing()
    await lab.run(`curl -x ${CLOUD}:80 http://example.org/x`)
    expect(requests).toEqual(['GET http://example.org/x example.org'])
    await lab.sim.close()
  })
})

describe('trust', () => {
  test('every certificate in the default folder and in --capath is trusted', async () => {
    const lab = await createProgramsLab()
    await serveCloud(lab)
    expect((await lab.run(`curl -s https://${API}`)).exitCode).toBe(60)
    await lab.ftd.files.write('/etc/ssl/certs/lab-root.pem', pki.rootPem)
    await lab.ftd.files.write('/etc/ssl/certs/README', 'not a certificate\n')
    expect((await lab.run(`curl -s https://${API}`)).exitCode).toBe(0)
    await lab.ftd.files.write('/roots/a.pem', pki.rootPem)
    expect((await lab.run(`curl -s --capath /roots https://${API}`)).exitCode).toBe(0)
    await lab.sim.close()
  })

  test('a broken CA file, and a folder that is not there, end with 77', async () => {
    const lab = await createProgramsLab()
    await serveCloud(lab)
    await lab.ftd.files.write(CONNECTOR_CA, pki.rootPem.slice(0, 400))
    expect((await lab.run(`curl -s --cacert ${CONNECTOR_CA} https://${API}`)).exitCode).toBe(77)
    expect((await lab.run(`curl -s --capath /nowhere https://${API}`)).exitCode).toBe(77)
    expect((await lab.run(`curl -s -k --capath /nowhere https://${API}`)).exitCode).toBe(0)
    await lab.sim.close()
  })

  test('a client certificate is shown to a server that asks; one that cannot be read ends with 58', async () => {
    const lab = await createProgramsLab()
    const own = pki.issue({ commonName: 'ftd1' })
    await lab.ftd.files.write('/ngfw/etc/ssl/own.pem', own.chainPem + own.keyPem)
    await serveCloud(lab, (request, response) => response.end((request.socket as TLSSocket).getPeerCertificate().subject?.CN))
    expect((await lab.run(`curl -k -E /ngfw/etc/ssl/own.pem https://${API}`)).stdout).toBe('ftd1')
    expect((await lab.run(`curl -k -E /ngfw/etc/ssl/none.pem https://${API}`)).exitCode).toBe(58)
    await lab.sim.close()
  })
})

describe('endings', () => {
  test('a TLS server that tells the end of its answer by closing ends the session first', async () => {
    const lab = await createProgramsLab()
    await serveCloud(lab, (_request, response) => {
      response.useChunkedEncodingByDefault = false
      response.writeHead(200, { Connection: 'close' }).end('bye\n')
    })
    expect((await lab.run(`curl -v -k https://${API}`)).output).toMatch(
      /\nbye\n\* TLSv1\.2 \(IN\), TLS alert, Client hello \(1\):\n\* Closing connection 0\n\* TLSv1\.2 \(OUT\), TLS alert, Client hello \(1\):\n$/,
    )
    await lab.sim.close()
  })

  test('a reset in the middle of a TLS answer ends with 56', async () => {
    const lab = await createProgramsLab()
    const own = pki.issue({ commonName: API })
    await lab.cloud.net.listen({ port: 443 }, (conn) => {
      const accept = acceptTls({ ...CLOUD_TLS, clock: lab.cloud.clock, identity: () => own }, (socket) => {
        socket.on('error', () => {}).write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart')
        lab.cloud.clock.after(1_000, () => conn.resetAndDestroy())
      })
      accept(conn)
    })
    expect(await lab.run(`curl -s -S -k https://${API}`)).toMatchObject({
      exitCode: 56,
      stdout: 'part',
      stderr: 'curl: (56) SSL read: error:00000000:lib(0):func(0):reason(0), errno 104\n',
    })
    await lab.sim.close()
  })

  test('an interrupted curl is gone, and its connection with it', async () => {
    const lab = await createProgramsLab()
    let closed = false
    await serveRaw(lab, 80, (conn) => conn.on('end', () => (closed = true)))
    const interrupt = new AbortController()
    lab.ftd.clock.after(3_000, () => interrupt.abort())
    expect((await lab.run(`curl -s http://${API}/`, { signal: interrupt.signal })).exitCode).toBe(130)
    await lab.sim.advance(0)
    expect(closed).toBe(true)
    expect((await lab.ftd.net.sockets()).filter((row) => row.protocol === 'tcp')).toEqual([])
    await lab.sim.close()
  })

  test('an answer cut into any pieces is read the same', async () => {
    const answer = Buffer.from(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: x\r\n\r\n',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: answer.length - 1 }), { maxLength: 8 }), async (cuts) => {
        const lab = await createProgramsLab()
        const edges = [0, ...new Set(cuts.toSorted((a, b) => a - b)), answer.length]
        await serveRaw(lab, 80, (conn) => {
          for (const [index, edge] of edges.slice(1).entries()) conn.write(answer.subarray(edges[index], edge))
        })
        expect(await lab.run(`curl http://${API}/`)).toMatchObject({ exitCode: 0, output: 'hello world' })
        await lab.sim.close()
      }),
      { numRuns: 25 },
    )
  })
})
