import type { DatabaseSync } from 'node:sqlite'
import type { SseAccount } from '../../../shared/contract/sse.ts'
import type { Scope } from '../state.ts'

/** What organisations have set in the portals. */
export interface Accounts {
  /** Makes the account unless it is there: what an administrator changed survives a restart. */
  ensure(scope: Scope, account: SseAccount): void
  get(scope: Scope): SseAccount
  set(scope: Scope, account: SseAccount): void
}

interface Row {
  readonly eventing: number
  readonly virtual_account: string
  readonly security_licences: number
}

export function createAccounts(db: DatabaseSync): Accounts {
  const insert = db.prepare(
    'INSERT OR IGNORE INTO accounts (region, org, eventing, virtual_account, security_licences) VALUES (?, ?, ?, ?, ?)',
  )
  const update = db.prepare(
    'UPDATE accounts SET eventing = ?3, virtual_account = ?4, security_licences = ?5 WHERE region = ?1 AND org = ?2',
  )
  const select = db.prepare('SELECT eventing, virtual_account, security_licences FROM accounts WHERE region = ? AND org = ?')
  return {
    ensure: (scope, account) => void insert.run(...values(scope, account)),
    set: (scope, account) => void update.run(...values(scope, account)),
    get(scope) {
      const row = select.get(scope.region, scope.orgId) as Row | undefined
      if (row === undefined) throw new Error(`no account for organisation ${scope.orgId} in region ${scope.region}`)
      return {
        services: { eventing: row.eventing === 1 },
        virtualAccount: { name: row.virtual_account, securityLicences: row.security_licences === 1 },
      }
    },
  }
}

function values(scope: Scope, { services, virtualAccount }: SseAccount) {
  return [scope.region, scope.orgId, Number(services.eventing), virtualAccount.name, Number(virtualAccount.securityLicences)] as const
}
