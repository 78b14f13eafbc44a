import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dockerSays } from '../../services/lab/compose/docker.ts'
import { FtdLabContainer, type StartedFtdLabContainer } from '../../services/lab/testing/container.ts'
import { until } from './composed-lab.ts'
import { withEngine } from './with-engine.ts'

describe.runIf(withEngine)('a whole lab in one container', () => {
  let lab: StartedFtdLabContainer

  beforeAll(async () => {
    // Its helper container removes what a killed test left, and cannot be pulled everywhere.
    process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true'
    await dockerSays(['build', '--quiet', '--target', 'lab', '--tag', 'ftdlab', '.'])
    lab = await new FtdLabContainer().withFtds(1).start()
  })
  afterAll(() => lab?.stop())

  test('is healthy, and its doors are reached from outside', async () => {
    const status = await lab.status()
    expect(status.healthy).toBe(true)
    expect(status.hosts.map(({ name }) => name)).toContain('ftd1')
    expect(lab.caPem).toContain('BEGIN CERTIFICATE')
  })

  test('breaks, says so on the device, and heals', async () => {
    const asks = async () => (await lab.exec('ftd1', 'curl -s -k https://api-sse.cisco.com')).exitCode
    const { id } = await lab.inject({ kind: 'device.dns', host: 'ftd1', servers: ['192.0.2.10'] })
    expect(await asks()).toBe(6)
    await lab.cure(id)
    expect(await asks()).toBe(0)
  })

  test('a mistake is answered in a sentence', async () => {
    await expect(lab.inject({ kind: 'device.dns', host: 'ftd9', servers: [] })).rejects.toMatchObject({ code: 'LAB_NO_SUCH_HOST' })
  })

  test('events reach the cloud', async () => {
    await lab.sendEvents('ftd1', { type: 'malware', count: 3 })
    await until('three malware events', async () => {
      const found = (await lab.events('ftd1')).filter(({ type }) => type === 'malware')
      return found.length >= 3 ? true : `${found.length}`
    })
  })
})
