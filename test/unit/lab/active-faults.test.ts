import { expect, test } from 'vitest'
import { activeFaults } from '../../../services/lab/active-faults.ts'
import { fakeSite } from '../fault/fake-site.ts'

test('a fault that is done otherwise than it explains says so as long as it is active', async () => {
  const site = Object.assign(fakeSite(), { canDelay: false })
  const { inject, cure, faults } = activeFaults(site)
  const slow = await inject({ kind: 'net.delay', from: 'ftd2', to: 'api-sse.cisco.com', delayMs: 1_000 })
  expect(slow).toMatchObject({
    explanation: 'The gateway delays packets from ftd2 to api-sse.cisco.com by 1000 ms, and the answers likewise.',
    note: 'Done at the proxy, for everything that passes it: gateway: no sch_netem here.',
  })
  const other = await inject({ kind: 'net.loss', to: 'api-sse.cisco.com', percent: 10 })
  expect(other).not.toHaveProperty('note')
  expect(faults()).toEqual([slow, other])
  await cure(slow.id)
  expect(faults()).toEqual([other])
})
