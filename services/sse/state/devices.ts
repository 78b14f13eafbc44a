import type { DatabaseSync } from 'node:sqlite'
import type { RegionId } from '../../../shared/contract/region.ts'
import type { RegisterClient } from '../../../shared/contract/sse.ts'
import type { Scope } from '../state.ts'

/** A registered device. */
export interface Device extends Scope {
  /** The row's number: what events refer to. */
  readonly key: number
  readonly id: string
  readonly guid: string
  readonly name: string
  readonly type: string
  readonly version: string
  readonly ip: string
  /** Lab time, epoch milliseconds. */
  readonly registeredAt: number
  readonly accessToken: string
}

export interface Devices {
  /**
   * Registers a device with a new access token. A guid that this scope has seen before, also one that was removed, keeps its id and its
   * events; an old access token ends.
   */
  register(scope: Scope, client: RegisterClient, fresh: { readonly id: string; readonly accessToken: string }, now: number): Device
  /** Takes over what a registered device says of itself now. */
  refresh(device: Device, client: RegisterClient): Device
  /** The device of an access token, whatever its region. */
  byAccessToken(accessToken: string): Device | undefined
  /** Removes by device id or guid; the removed device, or undefined when there is none. */
  remove(scope: Scope, idOrGuid: string): Device | undefined
  list(scope: Scope): readonly Device[]
}

interface Row {
  readonly key: number
  readonly region: RegionId
  readonly org: string
  readonly guid: string
  readonly id: string
  readonly access_token: string
  readonly name: string
  readonly type: string
  readonly version: string
  readonly ip: string
  readonly registered_at: number
}

const COLUMNS = 'key, region, org, guid, id, access_token, name, type, version, ip, registered_at'

export function createDevices(db: DatabaseSync): Devices {
  const upsert = db.prepare(`
    INSERT INTO devices (region, org, guid, id, access_token, name, type, version, ip, registered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (region, org, guid) DO UPDATE SET access_token = excluded.access_token, name = excluded.name, type = excluded.type,
      version = excluded.version, ip = excluded.ip, registered_at = excluded.registered_at
    RETURNING ${COLUMNS}`)
  const update = db.prepare(`UPDATE devices SET name = ?, type = ?, version = ?, ip = ? WHERE key = ? RETURNING ${COLUMNS}`)
  const select = db.prepare(`SELECT ${COLUMNS} FROM devices WHERE access_token = ?`)
  const find = db.prepare(
    `SELECT ${COLUMNS} FROM devices WHERE region = ?1 AND org = ?2 AND (id = ?3 OR guid = ?3) AND access_token IS NOT NULL`,
  )
  const clear = db.prepare('UPDATE devices SET access_token = NULL WHERE key = ?')
  const all = db.prepare(`SELECT ${COLUMNS} FROM devices WHERE region = ? AND org = ? AND access_token IS NOT NULL ORDER BY key`)
  return {
    register(scope, client, fresh, now) {
      const { guid, name, type, version, ip } = client
      return device(upsert.get(scope.region, scope.orgId, guid, fresh.id, fresh.accessToken, name, type, version, ip, now))!
    },
    refresh: ({ key }, { name, type, version, ip }) => device(update.get(name, type, version, ip, key))!,
    byAccessToken: (accessToken) => device(select.get(accessToken)),
    remove(scope, idOrGuid) {
      const found = device(find.get(scope.region, scope.orgId, idOrGuid))
      if (found !== undefined) clear.run(found.key)
      return found
    },
    list: (scope) => all.all(scope.region, scope.orgId).map((row) => device(row)!),
  }
}

function device(value: unknown): Device | undefined {
  if (value === undefined) return undefined
  const row = value as Row
  return {
    key: row.key,
    region: row.region,
    orgId: row.org,
    guid: row.guid,
    id: row.id,
    accessToken: row.access_token,
    name: row.name,
    type: row.type,
    version: row.version,
    ip: row.ip,
    registeredAt: row.registered_at,
  }
}
