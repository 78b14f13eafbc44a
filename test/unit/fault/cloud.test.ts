import { expect, test } from 'vitest'
import { injectFault } from '../../../shared/fault/catalogue.ts'
import type { Fault } from '../../../shared/fault/fault.ts'
import { fakeSite } from './fake-site.ts'

async function inject(fault: Fault) {
  const site = fakeSite()
  const cure = await injectFault(fault, site)
  return { site, cure }
}

test('account.eventing-off touches nothing else of the account', async () => {
  const { site, cure } = await inject({ kind: 'account.eventing-off', region: 'eu' })
  const licences = await injectFault({ kind: 'account.no-licences' }, site)
  expect(site.state.cloud.accounts).toEqual({
    us: { services: { eventing: true }, virtualAccount: { name: 'DEFAULT', securityLicences: false } },
    eu: { services: { eventing: false }, virtualAccount: { name: 'DEFAULT', securityLicences: false } },
    apj: { services: { eventing: true }, virtualAccount: { name: 'DEFAULT', securityLicences: false } },
  })
  await cure()
  await licences()
  expect(site.state.cloud).toEqual(fakeSite().state.cloud)
})

test('account.device-removed enrols the device anew as documented, unless somebody did that already', async () => {
  const { site, cure } = await inject({ kind: 'account.device-removed', host: 'ftd*' })
  expect(site.state.cloud.registered).toEqual({ ftd1: false, ftd2: false })
  site.state.cloud.registered['ftd1'] = true
  await cure()
  expect(site.done.filter((line) => line.startsWith('ftd'))).toEqual([
    'ftd2 curl -s -X DELETE http://localhost:8989/v1/contexts/default',
    'ftd2 pmtool restartbyid ActionQueueScrape',
  ])
})

test('cloud faults are outages of the cloud as it is administered', async () => {
  const { site } = await inject({ kind: 'cloud.unavailable', role: 'api', region: 'us', path: '/providers' })
  await injectFault({ kind: 'cloud.rate-limited', role: 'ingest' }, site)
  await injectFault({ kind: 'cloud.silent', role: 'est' }, site)
  await injectFault({ kind: 'cloud.resets', role: 'dex' }, site)
  await injectFault({ kind: 'cloud.unavailable', role: 'mx', status: 500, skip: 2, times: 1 }, site)
  expect(site.state.outages).toEqual([
    { id: '5', role: 'mx', answer: { status: 500 }, skip: 2, times: 1 },
    { id: '4', role: 'dex', answer: 'reset' },
    { id: '3', role: 'est', answer: 'silence' },
    { id: '2', role: 'ingest', answer: { status: 429, retryAfterSeconds: 60 } },
    { id: '1', role: 'api', region: 'us', path: '/providers', answer: { status: 503 } },
  ])
})

test('a portal that does not answer lets no account be changed', async () => {
  const site = fakeSite()
  site.breaks = (change) => change.endsWith('access_token')
  for (const fault of [{ kind: 'account.no-licences' }, { kind: 'account.device-removed', host: 'ftd1' }]) {
    await expect(injectFault(fault, site)).rejects.toMatchObject({
      code: 'LAB_STATE_BROKEN',
      message: expect.stringMatching(/^the cloud answered 500 to POST /),
    })
  }
  expect(site.state.cloud).toEqual(fakeSite().state.cloud)
})

test.each([
  [{ kind: 'account.device-removed', host: 'fmc' }, 'LAB_NO_SUCH_HOST', 'no ftd host is called fmc; there are ftd1, ftd2'],
  [
    { kind: 'cloud.silent', role: 'est', region: 'us' },
    'LAB_BAD_INPUT',
    'region: the enrolment host belongs to all regions; leave the region out',
  ],
])('%j is refused: %s', async (fault, code, message) => {
  const site = fakeSite()
  await expect(injectFault(fault, site)).rejects.toMatchObject({ code, message })
  expect(site.done).toEqual([])
})
