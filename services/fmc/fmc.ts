import type { World } from '../../shared/kernel/world.ts'
import type { Sessions } from './api/sessions.ts'
import type { FmcConfig } from './config.ts'
import type { Health } from './processes/health.ts'
import type { Sftunnel } from './processes/sftunnel.ts'
import type { Store } from './state.ts'

/** The parts of a running FMC that its REST operations work on. */
export interface Fmc {
  readonly world: World
  readonly config: FmcConfig
  readonly store: Store
  readonly health: Health
  readonly sftunnel: Sftunnel
  readonly sessions: Sessions
}

/** The only domain of an on-premises FMC without sub-domains (public P24, P26). */
export const GLOBAL_DOMAIN = { uuid: 'e276abec-e0f2-11e3-8169-6d9ed49b625f', name: 'Global' } as const

/** The one health policy and the one access policy that the devices have. Names public, the access policy's id invented. */
export const HEALTH_POLICY_NAME = 'Initial_Health_Policy'
export const ACCESS_POLICY = {
  id: '00505683-186a-0ed3-0000-004294967299',
  name: 'Default Access Control Policy',
  type: 'AccessPolicy',
} as const

/** The singleton of `cloudeventsconfigs` (public P47). */
export const CLOUD_EVENTS_ID = 'c64d2a4c-a194-11e8-bad0-eb6719b10fdb'
