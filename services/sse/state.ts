import { DatabaseSync } from 'node:sqlite'
import type { RegionId } from '../../shared/contract/region.ts'
import { createAccounts, type Accounts } from './state/accounts.ts'
import { createDevices, type Devices } from './state/devices.ts'
import { createEvents, type Events } from './state/events.ts'
import { createTokens, type Tokens } from './state/tokens.ts'

/** Whose data: an organisation in one region. What one scope holds is unknown in all others. */
export interface Scope {
  readonly region: RegionId
  readonly orgId: string
}

/** Everything the cloud remembers. */
export interface State extends Disposable {
  readonly accounts: Accounts
  readonly tokens: Tokens
  readonly devices: Devices
  readonly events: Events
  /** How often this database has been opened, this time included: random names must differ from those of earlier times. */
  readonly boots: number
}

/** Somebody may look at the file with SQLite's own tool while the cloud starts or stores; real time, since the other side is outside the lab. */
const BUSY_MS = 5_000

// Rows of about 700 bytes: pages of 16 KiB hold them with less waste and less depth than 4 KiB ones.
const PRAGMAS = 'PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000'

const SCHEMA = `
CREATE TABLE IF NOT EXISTS boots (time REAL NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS accounts (
  region TEXT NOT NULL, org TEXT NOT NULL,
  eventing INTEGER NOT NULL, virtual_account TEXT NOT NULL, security_licences INTEGER NOT NULL,
  PRIMARY KEY (region, org)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS access_tokens (
  token TEXT PRIMARY KEY, region TEXT NOT NULL, org TEXT NOT NULL, expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS access_tokens_by_expiry ON access_tokens (expires_at);

CREATE TABLE IF NOT EXISTS registration_tokens (
  token TEXT PRIMARY KEY, region TEXT NOT NULL, org TEXT NOT NULL, guid TEXT NOT NULL, expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS registration_tokens_by_expiry ON registration_tokens (expires_at);

-- A removed device keeps its row, without a token: when it comes back, its events are still its own and its numbers still count.
CREATE TABLE IF NOT EXISTS devices (
  key INTEGER PRIMARY KEY,
  region TEXT NOT NULL, org TEXT NOT NULL, guid TEXT NOT NULL,
  id TEXT NOT NULL UNIQUE, access_token TEXT UNIQUE,
  name TEXT NOT NULL, type TEXT NOT NULL, version TEXT NOT NULL, ip TEXT NOT NULL,
  registered_at REAL NOT NULL,
  stored INTEGER NOT NULL DEFAULT 0, repeated INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0,
  highest INTEGER NOT NULL DEFAULT 0, last_stored_at REAL,
  UNIQUE (region, org, guid)
) STRICT;

CREATE TABLE IF NOT EXISTS events (
  device INTEGER NOT NULL REFERENCES devices, number INTEGER NOT NULL,
  type TEXT NOT NULL, id INTEGER NOT NULL, time REAL NOT NULL, stored_at REAL NOT NULL, fields TEXT NOT NULL,
  PRIMARY KEY (device, number)
) STRICT;
`

/** Opens or makes the database at a path of this machine, or in memory with `:memory:`. `now`: lab time. Throws SQLite's error when it cannot. */
export function openState(path: string, now: number, eventsKept: number): State {
  const db = new DatabaseSync(path, { timeout: BUSY_MS })
  try {
    db.exec(PRAGMAS)
    db.exec(SCHEMA)
    db.prepare('INSERT INTO boots (time) VALUES (?)').run(now)
    const { boots } = db.prepare('SELECT count(*) AS boots FROM boots').get() as { boots: number }
    return {
      accounts: createAccounts(db),
      tokens: createTokens(db),
      devices: createDevices(db),
      events: createEvents(db, eventsKept),
      boots,
      [Symbol.dispose]: () => db.close(),
    }
  } catch (error) {
    db.close()
    throw error
  }
}
