import { get } from 'node:http'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { administer, compose, CONSOLE_PORT, execIn, PROJECT, startComposedLab, until } from './composed-lab.ts'
import { docker } from '../../services/lab/compose/docker.ts'
import { withEngine } from './with-engine.ts'

const SOCKET = '/ngfw/var/sf/run/EventHandler_SSEConnector.sock'
const API = 'api-sse.cisco.com'
const SERVICES = ['dns', 'gateway', 'proxy', 'sse', 'fmc', 'ftd1', 'lab']

const TRY = `-s -k https://${API}`
/** The exit codes of the device's curl and of the distribution's. */
const bothCurls = (args: string) =>
  Promise.all(['curl', 'curl.distrib'].map(async (curl) => (await execIn('ftd1', `${curl} -o /dev/null ${args}`)).exitCode))

/** Puts a rule before all others and takes it away after the test. */
async function withRule(rule: unknown): Promise<() => Promise<void>> {
  const added = await administer('192.0.2.1', 'POST', '/v1/rules', rule)
  expect(added.status).toBe(201)
  const { id } = added.body as { id: string }
  const remove = async () => void (await administer('192.0.2.1', 'DELETE', `/v1/rules/${id}`))
  onTestFinished(remove)
  return remove
}

const setServers = (server: string) => execIn('ftd1', `clish -c 'configure network dns servers ${server}'`)

const pidOf = async () => /SSEConnector \(system\) - Running (\d+)/.exec((await execIn('ftd1', 'pmtool status')).stdout)?.[1]

describe.runIf(withEngine)('the composed lab', () => {
  beforeAll(startComposedLab)
  afterAll(async () => {
    await compose('down', '--volumes')
  })

  test('is healthy in every container', async () => {
    const { stdout } = await compose('ps', '--format', '{{.Service}} {{.Health}}')
    expect(stdout.trim().split('\n').toSorted()).toEqual(SERVICES.map((service) => `${service} healthy`).toSorted())
  })

  test('tells its state on the one published port, which is on loopback', async () => {
    const status = await new Promise<string>((resolve, reject) => {
      get(`http://127.0.0.1:${CONSOLE_PORT}/api/status`, (response) => {
        let text = ''
        response.on('data', (data: Buffer) => (text += data.toString())).on('end', () => resolve(text))
      }).on('error', reject)
    })
    expect(JSON.parse(status)).toMatchObject({ healthy: true, region: 'us' })
    const published = await compose('ps', '--format', '{{.Ports}}')
    expect(published.stdout.match(/\S+->\S+/g)).toEqual([`127.0.0.1:${CONSOLE_PORT}->8080/tcp`])
  })

  describe('with the real tools on the appliances, as the documents show it', () => {
    test.each(['ftd1', 'fmc'])('curl of %s reaches the cloud and prints as the appliance does', async (host) => {
      const { exitCode, stdout, stderr } = await execIn(host, `curl -v -k https://${API}`)
      expect(exitCode).toBe(0)
      expect(stdout).toBe('Forbidden')
      for (const line of [
        `* Rebuilt URL to: https://${API}/`,
        `* Connected to ${API} (203.0.113.1`,
        '* TLSv1.2 (IN), TLS handshake, Request CERT (13):',
        '* SSL connection using TLSv1.2 / ECDHE-RSA-AES128-GCM-SHA256',
        '*        SSL certificate verify result: self signed certificate in certificate chain (19), continuing anyway.',
        '> User-Agent: curl/7.44.0',
        '< HTTP/1.1 403 Forbidden',
        `* Connection #0 to host ${API} left intact`,
      ])
        expect(stderr).toContain(line)
    })

    test('netstat shows the socket between EventHandler and the connector', async () => {
      const { stdout } = await execIn('ftd1', `netstat -anlp | grep ${SOCKET}`)
      expect(stdout).toMatch(new RegExp(`^unix +2 +\\[ ACC \\] +STREAM +LISTENING +\\d+ +\\d+/EventHandler +${SOCKET}$`, 'm'))
      expect(stdout).toMatch(new RegExp(`^unix +3 +\\[ \\] +STREAM +CONNECTED +\\d+ +\\d+/EventHandler +${SOCKET}$`, 'm'))
    })

    test('lsof shows the connector of user www on its port and with the cloud', async () => {
      const { stdout } = await execIn('ftd1', 'lsof -i | grep conn')
      expect(stdout).toMatch(/^connector +\d+ +www +\d+u +IPv4 +\d+ +0t0 +TCP localhost:8989 \(LISTEN\)$/m)
      expect(stdout).toMatch(
        /^connector +\d+ +www +\d+u +IPv4 +\d+ +0t0 +TCP ftd1:\d+->ec2-203-0-113-\d+\.compute-1\.amazonaws\.com:https \(ESTABLISHED\)$/m,
      )
    })

    test('ps, pmtool and the pid files name the same processes', async () => {
      const { stdout } = await execIn('ftd1', 'pmtool status; ps -eo user:20,pid,comm')
      const pid = /^SSEConnector \(system\) - Running (\d+)$/m.exec(stdout)?.[1]
      expect(stdout).toMatch(new RegExp(`^www +${pid} connector$`, 'm'))
      expect((await execIn('ftd1', 'cat /ngfw/var/sf/run/SSEConnector.pid')).stdout.trim()).toBe(pid)
    })

    test.each(['ftd1', 'fmc'])('nslookup, ping and telnet of %s find the cloud', async (host) => {
      const lookup = await execIn(host, `nslookup ${API}`)
      expect(lookup.stdout).toContain('Server:\t\t192.0.2.11\nAddress:\t192.0.2.11#53\n')
      expect(lookup.stdout).toContain(`${API}\tcanonical name = ${API}.akadns.net.`)
      expect((await execIn(host, `ping -c 1 ${API}`)).stdout).toContain('1 packets transmitted, 1 received, 0% packet loss')
      expect((await execIn(host, `echo | telnet ${API} 443`)).stdout).toContain(`Connected to ${API}.`)
    })

    test('clish answers, and admin becomes root by sudo', async () => {
      const { stdout } = await execIn('ftd1', "clish -c 'show network'; su - admin -c 'sudo pmtool status'")
      expect(stdout).toContain('DNS Servers               : 192.0.2.11')
      expect(stdout).toContain('EventHandler (normal) - Running')
    })

    test('netstat shows who is connected to the management channel of the FMC, whose admin becomes root by sudo', async () => {
      const { stdout } = await execIn('fmc', "su - admin -c 'sudo netstat -antp'")
      expect(stdout).toMatch(/^tcp6? .*:443 .* LISTEN +\d+\/fmc *$/m)
      expect(stdout).toMatch(/^tcp6? .*192\.0\.2\.20:8305 .*192\.0\.2\.27:\d+ +ESTABLISHED +\d+\/fmc *$/m)
    })

    test('a connector that is killed gets another pid from the process manager', async () => {
      const before = await pidOf()
      await execIn('ftd1', `kill -9 ${before}`)
      await until('another connector', async () => {
        const now = await pidOf()
        return now !== undefined && now !== before ? true : `pid ${now}`
      })
      await until('the connector is with the cloud again', async () => {
        const { stdout } = await execIn('ftd1', 'lsof -i | grep conn')
        return stdout.includes('https (ESTABLISHED)') ? true : stdout
      })
    })
  })

  describe('faults of the network', () => {
    test('a drop at the gateway is a time-out on the device until the rule is gone, for both curls', async () => {
      const remove = await withRule({ action: 'drop', to: ['203.0.113.0/24'] })
      expect((await execIn('gateway', 'iptables -S FORWARD')).stdout).toContain('-A FORWARD -d 203.0.113.0/24 -j DROP')
      expect(await bothCurls(`${TRY} --connect-timeout 4`)).toEqual([28, 28])
      await remove()
      expect(await bothCurls(TRY)).toEqual([0, 0])
    })

    test('a reject at the gateway is a refused connection', async () => {
      await withRule({ action: 'reject', to: [API], protocol: 'tcp', port: 443 })
      expect(await bothCurls(TRY)).toEqual([7, 7])
    })

    test('a wrong DNS server, set in clish, is a name that does not resolve', async () => {
      await setServers('192.0.2.10')
      onTestFinished(async () => void (await setServers('192.0.2.11')))
      expect((await execIn('ftd1', 'cat /etc/resolv.conf')).stdout).toBe('nameserver 192.0.2.10\n')
      expect((await execIn('ftd1', `curl -v -k https://${API}`)).stderr).toContain(`curl: (6) Couldn't resolve host '${API}'`)
      expect(await bothCurls(TRY)).toEqual([6, 6])
      expect((await execIn('ftd1', `nslookup ${API}`)).stdout).toMatch(
        /connection timed out; no servers could be reached|communications error/,
      )
      await setServers('192.0.2.11')
      expect(await bothCurls(TRY)).toEqual([0, 0])
    })

    test.each([
      ['an untrusted certificate', `-s https://${API}`, 60],
      ['an answer that is an error', `-s -k -f https://${API}`, 22],
      ['a port that is closed', '-s http://192.0.2.20:81', 7],
      ['a protocol that there is none', '-s nonsense://192.0.2.20', 1],
    ])('%s ends both curls with the same exit code', async (_what, args, exitCode) => {
      expect(await bothCurls(args)).toEqual([exitCode, exitCode])
    })
  })

  describe('nothing gets out', () => {
    /** Ends with 0 when a TCP connection or a refusal came from the address: somebody is there. */
    const REACH = `const s = require('net').connect({ host: process.argv[1], port: 80 }); const end = (c) => process.exit(c);
      s.on('connect', () => end(0)).on('error', (e) => end(e.code === 'ECONNREFUSED' ? 0 : 1)); setTimeout(() => end(1), 2500)`

    test.each(SERVICES)('%s has no route out but to the gateway', async (service) => {
      const routes = (await execIn(service, 'ip route show default')).stdout.trim()
      expect(routes).toMatch(service === 'gateway' || service === 'lab' ? /^$/ : /^default via (192\.0\.2|203\.0\.113)\.1 dev eth\d+$/)
    })

    test.each(['dns', 'proxy', 'sse', 'fmc', 'ftd1', 'gateway', 'lab'])('%s reaches no address outside', async (service) => {
      const machine = Object.values(networkInterfaces()).flatMap((addresses = []) =>
        addresses.filter((one) => one.family === 'IPv4' && !one.internal).map((one) => one.address),
      )
      // The console's bridge is the lab container's own: who publishes a port has a machine at its other end.
      const { stdout: consoleBridge } = await docker([
        ...['network', 'inspect', `${PROJECT}_console`, '--format', '{{range .IPAM.Config}}{{.Gateway}}{{end}}'],
      ])
      const outside = service === 'lab' ? machine.filter((address) => address !== consoleBridge.trim()) : machine
      const addresses = ['192.0.2.254', '203.0.113.254', '198.51.100.1', ...outside]
      const reached = await Promise.all(
        addresses.map(async (address) => [address, (await compose('exec', '-T', service, 'node', '-e', REACH, address)).exitCode]),
      )
      expect(reached).toEqual(addresses.map((address) => [address, 1]))
    })

    test('a device whose root makes a route to the bridge gets nowhere either', async () => {
      await execIn('ftd1', 'ip route add 198.51.100.0/24 via 192.0.2.254')
      const { exitCode } = await compose('exec', '-T', 'ftd1', 'node', '-e', REACH, '198.51.100.1')
      expect(exitCode).toBe(1)
      await execIn('ftd1', 'ip route del 198.51.100.0/24')
    })
  })

  /** What Docker thinks of the device. */
  const isNow = (health: string) => async () => {
    const seen = (await compose('ps', '--format', '{{.Health}}', 'ftd1')).stdout.trim()
    return seen === health || seen
  }

  test('a device that is restarted has the DNS servers that it was given, not those of its first start', async () => {
    await setServers('192.0.2.10')
    onTestFinished(async () => void (await setServers('192.0.2.11')))
    expect((await compose('restart', 'ftd1')).exitCode).toBe(0)
    await until('the device answers', async () => {
      const { exitCode, output } = await execIn('ftd1', 'pmtool status')
      return exitCode === 0 || output
    })
    expect((await execIn('ftd1', 'cat /etc/resolv.conf')).stdout).toBe('nameserver 192.0.2.10\n')
    await setServers('192.0.2.11')
    await until('healthy', isNow('healthy'), 120_000)
  }, 150_000)

  test('a device that is not well is unhealthy for Docker, too, and healthy again as soon as it is', async () => {
    await execIn('ftd1', 'pmtool disablebyid SSEConnector')
    await until('unhealthy', isNow('unhealthy'), 120_000)
    await execIn('ftd1', 'pmtool enablebyid SSEConnector')
    await until('healthy', isNow('healthy'), 120_000)
  }, 250_000)

  test('every host ends in good order when it is stopped', async () => {
    await compose('stop')
    const { stdout } = await compose('ps', '--all', '--format', '{{.Service}} {{.ExitCode}}')
    expect(stdout.trim().split('\n').toSorted()).toEqual(['plan-minimal', ...SERVICES].map((service) => `${service} 0`).toSorted())
  })

  test('`down -v` leaves nothing', async () => {
    expect((await compose('down', '--volumes')).exitCode).toBe(0)
    const filter = ['--filter', `label=com.docker.compose.project=${PROJECT}`, '--quiet']
    for (const kind of [
      ['ps', '--all'],
      ['volume', 'ls'],
      ['network', 'ls'],
    ])
      expect((await docker([...kind, ...filter])).stdout).toBe('')
  })
})
