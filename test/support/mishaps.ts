import * as fc from 'fast-check'
import { cloudAddresses } from '../../services/dns/zone.ts'
import { makeEvent } from '../../services/ftd/index.ts'
import { EventType } from '../../shared/contract/event.ts'
import { REGIONS } from '../../shared/contract/region.ts'
import type { Fault } from '../../shared/fault/fault.ts'
import type { Random } from '../../shared/kernel/random.ts'
import { seededRandom } from '../../shared/kernel/seeded-random.ts'
import type { OpenLab } from './open-lab.ts'

/** Both addresses of a cloud name as one prefix: a rule by name would need the name service, which may be what is broken. */
function addressesOf(name: string): string {
  return `${cloudAddresses().find((known) => known.name === name)!.addresses[0]}/31`
}

/** Faults that come and go: a second time takes the fault back. */
const SWITCHED = {
  'ingest dropped': { kind: 'net.drop', to: addressesOf(REGIONS.us.ingest), port: 443 },
  'ingest refused': { kind: 'net.reject', to: addressesOf(REGIONS.us.ingest), port: 443 },
  'ingest slow': { kind: 'net.delay', to: addressesOf(REGIONS.us.ingest), delayMs: 2_500 },
  'cloud lossy': { kind: 'net.loss', to: '203.0.113.0/24', percent: 20 },
  'region dropped': { kind: 'net.drop', to: addressesOf(REGIONS.us.api) },
  'dns wrong': { kind: 'device.dns', host: 'ftd1', servers: ['192.0.2.10'] },
  'name hidden': { kind: 'dns.nxdomain', name: REGIONS.us.ingest },
  'cloud off': { kind: 'fmc.cloud-off' },
  'connector disabled': { kind: 'process.disabled', host: 'ftd1', process: 'SSEConnector' },
} as const satisfies Record<string, Fault>

/** Something that happens to ftd1 or on its way to the cloud. */
export type Mishap =
  | { readonly do: 'switch'; readonly what: keyof typeof SWITCHED }
  | { readonly do: 'kill -9'; readonly process: 'EventHandler' | 'SSEConnector' | 'ActionQueueScrape' | 'sftunnel' }
  | { readonly do: 'restart'; readonly process: 'EventHandler' | 'SSEConnector' }
  | { readonly do: 'reboot' }
  | { readonly do: 'detect'; readonly type: EventType; readonly count: number }
  | { readonly do: 'wait'; readonly ms: number }

export const mishap: fc.Arbitrary<Mishap> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('switch' as const),
      what: fc.constantFrom(...(Object.keys(SWITCHED) as (keyof typeof SWITCHED)[])),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('kill -9' as const),
      process: fc.constantFrom('EventHandler', 'SSEConnector', 'ActionQueueScrape', 'sftunnel'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), process: fc.constantFrom('EventHandler', 'SSEConnector') }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reboot' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('detect' as const),
      type: fc.constantFrom(...EventType.options),
      count: fc.integer({ min: 1, max: 600 }),
    }),
  },
  // Mostly short: what is lost is lost between two things that happen close together.
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 6_000 }), fc.integer({ min: 0, max: 400_000 })),
    }),
  },
)

/** Lets mishaps happen one after the other, then takes every fault back. What is left broken must heal by itself. */
export async function endure(lab: OpenLab, mishaps: readonly Mishap[]): Promise<void> {
  const active = new Map<string, string>()
  const dice = seededRandom(lab.seed)
  for (const one of mishaps) await happen(lab, one, active, dice)
  if (active.has('connector disabled')) await untilUp(lab)
  for (const id of active.values()) await lab.cure(id)
}

/** While a device goes down and comes up there is nobody to switch its processes off and on. */
async function untilUp(lab: OpenLab): Promise<void> {
  await lab.until({ see: 'cli', host: 'ftd1', run: 'pmtool status', exit: 0, within: '5m' })
}

async function happen(lab: OpenLab, mishap: Mishap, active: Map<string, string>, dice: Random): Promise<void> {
  switch (mishap.do) {
    case 'switch': {
      const id = active.get(mishap.what)
      if (mishap.what === 'connector disabled') await untilUp(lab)
      if (id === undefined) active.set(mishap.what, (await lab.inject(SWITCHED[mishap.what])).id)
      else {
        active.delete(mishap.what)
        await lab.cure(id)
      }
      return
    }
    case 'kill -9': {
      // It may just not run: then there is nothing to kill.
      const { stdout, exitCode } = await lab.exec('ftd1', `cat /ngfw/var/sf/run/${mishap.process}.pid`, { shell: 'root' })
      if (exitCode === 0) await lab.exec('ftd1', `kill -9 ${stdout.trim()}`, { shell: 'root' })
      return
    }
    case 'restart':
      await lab.exec('ftd1', `pmtool restartbyid ${mishap.process}`)
      return
    case 'reboot':
      await lab.exec('ftd1', 'reboot', { shell: 'root' })
      return
    case 'detect': {
      const events = Array.from({ length: mishap.count }, () =>
        makeEvent(mishap.type, dice, lab.now(), '99577477-253f-418d-93cd-6c1ae3eebc45'),
      )
      return lab.sendEvents('ftd1', events)
    }
    case 'wait':
      return lab.pass(mishap.ms)
  }
}
