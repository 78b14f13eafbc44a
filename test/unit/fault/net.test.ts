import { describe, expect, test } from 'vitest'
import { injectFault } from '../../../shared/fault/catalogue.ts'
import type { Fault } from '../../../shared/fault/fault.ts'
import { fakeSite, type FakeSite } from './fake-site.ts'

const snapshot = (site: FakeSite) => structuredClone(site.state)

async function inject(fault: Fault) {
  const site = fakeSite()
  const cure = await injectFault(fault, site)
  return { site, cure }
}

test('net.delay and net.loss are shapes of the gateway', async () => {
  const { site, cure } = await inject({ kind: 'net.delay', from: 'ftd1', to: 'api-sse.cisco.com', port: 443, delayMs: 3_000 })
  expect(cure.note).toBeUndefined()
  await injectFault({ kind: 'net.loss', to: '203.0.113.0/24', percent: 30 }, site)
  expect(site.state.shapes).toEqual([
    { id: '2', to: ['203.0.113.0/24'], lossPercent: 30 },
    { id: '1', from: ['192.0.2.27'], to: ['api-sse.cisco.com'], port: 443, delayMs: 3_000 },
  ])
  expect(site.state.settings.delayMs).toBeUndefined()
})

test('proxy.slow leaves the other settings of the proxy alone, and several lie on each other', async () => {
  const { site, cure } = await inject({ kind: 'proxy.slow', delayMs: 2_000 })
  expect(site.state.settings).toEqual({ authentication: null, deny: ['blocked.example'], delayMs: 2_000 })
  const second = await injectFault({ kind: 'proxy.slow', delayMs: 100 }, site)
  expect(site.state.settings.delayMs).toBe(100)
  await cure()
  expect(site.state.settings.delayMs).toBe(100)
  await second()
  expect(site.state.settings.delayMs).toBeUndefined()
})

describe('net.delay where the gateway cannot delay', () => {
  const unable = (): FakeSite => Object.assign(fakeSite(), { canDelay: false })

  test.each([
    { kind: 'net.delay', from: 'ftd2', to: 'api-sse.cisco.com', port: 443, delayMs: 3_000 },
    { kind: 'net.delay', from: 'ftd2', to: '203.0.113.0/24', delayMs: 3_000 },
    { kind: 'net.delay', from: 'proxy', to: '203.0.113.9', port: 80, delayMs: 3_000 },
  ])('is done at the proxy for traffic that passes it, and says so: %j', async (fault) => {
    const site = unable()
    const before = snapshot(site)
    const cure = await injectFault(fault, site)
    expect(cure.note).toBe('Done at the proxy, for everything that passes it: gateway: no sch_netem here.')
    expect(site.state).toMatchObject({ shapes: [], settings: { delayMs: 3_000 } })
    await cure()
    expect(snapshot(site)).toEqual(before)
  })

  test('knows the proxy by its name, too, and all devices when it does not say from where', async () => {
    const site = unable()
    site.state.proxies['ftd1'] = ['proxy.lab.example', '3128']
    await injectFault({ kind: 'net.delay', to: 'api-sse.cisco.com', delayMs: 1_000 }, site)
    expect(site.state.settings.delayMs).toBe(1_000)
  })

  test.each([
    [{ to: 'api-sse.cisco.com' }, 'ftd1 does not use the proxy'],
    [{ from: 'ftd*', to: 'api-sse.cisco.com' }, 'ftd1 does not use the proxy'],
    [{ from: 'fmc', to: 'api-sse.cisco.com' }, 'fmc does not use the proxy'],
    [{ from: 'ftd2', to: 'api-sse.cisco.com', port: 53 }, 'port 53 does not pass the proxy'],
    [{ from: '203.0.113.0/24', to: 'ftd2' }, 'the way to 192.0.2.28 does not pass the proxy'],
    [{ from: '192.0.2.99', to: '203.0.113.9' }, 'no host of the lab is at 192.0.2.99'],
  ])('is refused for %j', async (traffic, because) => {
    const site = unable()
    await expect(injectFault({ kind: 'net.delay', delayMs: 1_000, ...traffic }, site)).rejects.toMatchObject({
      code: 'LAB_NOT_EMULATED',
      message: `gateway: no sch_netem here; the proxy cannot do it instead, for ${because}`,
    })
    expect(snapshot(site)).toEqual(snapshot(fakeSite()))
  })
})
