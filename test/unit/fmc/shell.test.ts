import { expect, test } from 'vitest'
import { fmcLab } from './fmc-lab.ts'

test("the root shell tests the way to the cloud as the documents do, and shows the FMC's own sockets", async () => {
  await using lab = await fmcLab()
  await lab.device(1)
  const run = (command: string) => lab.sim.run(() => lab.fmc().exec!(command))
  const checked = await run('curl -v https://api-sse.cisco.com --cacert /etc/ssl/connectorCA.pem')
  expect(checked.output).toContain('Connected to api-sse.cisco.com')
  expect(checked.exitCode).toBe(0)
  const rows = await run('netstat -an | grep 8305')
  expect(rows.stdout).toMatch(/192\.0\.2\.20:8305\s+192\.0\.2\.27:\d+\s+ESTABLISHED/)
  expect((await run('cat /etc/sf/iprep_proxy.conf')).exitCode).toBe(1)
  expect((await run('hostname')).stdout).toBe('fmc.lab.example\n')
})

test('a proxy of the configuration is in its file', async () => {
  await using lab = await fmcLab({ proxy: { host: '192.0.2.80', port: 3128 } })
  const shown = await lab.sim.run(() => lab.fmc().exec!('cat /etc/sf/iprep_proxy.conf'))
  expect(shown.stdout).toBe('iprep_proxy {\nPROXY_HOST 192.0.2.80;\nPROXY_PORT 3128;\n}\n')
})
