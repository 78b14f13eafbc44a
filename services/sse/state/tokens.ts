import type { DatabaseSync } from 'node:sqlite'
import type { RegionId } from '../../../shared/contract/region.ts'
import type { Scope } from '../state.ts'

export interface RegistrationToken extends Scope {
  /** The only device that may use it. */
  readonly guid: string
}

/** Tokens with an end; times are lab time, epoch milliseconds. Those whose time is over are forgotten when new ones are made. */
export interface Tokens {
  addAccess(token: string, scope: Scope, now: number, expiresAt: number): void
  /** The organisation that an access token stands for in this region, or undefined when it is unknown there or over. */
  ownerOf(token: string, region: RegionId, now: number): string | undefined
  addRegistration(token: string, registration: RegistrationToken, now: number, expiresAt: number): void
  /** What a registration token was made for, or undefined when it is unknown in this region, used or over. */
  registration(token: string, region: RegionId, now: number): RegistrationToken | undefined
  /** It cannot be used again. */
  useUp(token: string): void
}

export function createTokens(db: DatabaseSync): Tokens {
  const insertAccess = db.prepare('INSERT INTO access_tokens (token, region, org, expires_at) VALUES (?, ?, ?, ?)')
  const purgeAccess = db.prepare('DELETE FROM access_tokens WHERE expires_at <= ?')
  const selectAccess = db.prepare('SELECT org FROM access_tokens WHERE token = ? AND region = ? AND expires_at > ?')
  const insertRegistration = db.prepare('INSERT INTO registration_tokens (token, region, org, guid, expires_at) VALUES (?, ?, ?, ?, ?)')
  const purgeRegistration = db.prepare('DELETE FROM registration_tokens WHERE expires_at <= ?')
  const selectRegistration = db.prepare('SELECT org, guid FROM registration_tokens WHERE token = ? AND region = ? AND expires_at > ?')
  const deleteRegistration = db.prepare('DELETE FROM registration_tokens WHERE token = ?')
  return {
    addAccess(token, scope, now, expiresAt) {
      purgeAccess.run(now)
      insertAccess.run(token, scope.region, scope.orgId, expiresAt)
    },
    ownerOf: (token, region, now) => (selectAccess.get(token, region, now) as { org: string } | undefined)?.org,
    addRegistration(token, registration, now, expiresAt) {
      purgeRegistration.run(now)
      insertRegistration.run(token, registration.region, registration.orgId, registration.guid, expiresAt)
    },
    registration(token, region, now) {
      const row = selectRegistration.get(token, region, now) as { org: string; guid: string } | undefined
      return row && { region, orgId: row.org, guid: row.guid }
    },
    useUp: (token) => void deleteRegistration.run(token),
  }
}
