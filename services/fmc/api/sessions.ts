import type { World } from '../../../shared/kernel/world.ts'
import type { FmcConfig } from '../config.ts'
import { accessTokenInvalid, authenticationFailed, refreshTokenInvalid, refreshTokenMissing } from './errors.ts'

/** An access token is good for 30 minutes (public). */
const ACCESS_TOKEN_LIFE_MS = 30 * 60_000
/** A session may be refreshed three times (public P26). */
const MAX_REFRESHES = 3
/** A session that is neither used nor refreshed for so long is forgotten. Invented. */
const SESSION_LIFE_MS = 24 * 3_600_000

export type User = FmcConfig['users'][number]

export interface ApiSession {
  readonly user: User
  readonly userUuid: string
  accessToken: string
  refreshToken: string
  issuedMs: number
  refreshes: number
}

/** The API's sessions. They live in memory: a restart of the FMC ends them. */
export interface Sessions {
  /** `generatetoken`: opens a session for HTTP Basic credentials. Throws 401 without good ones; an access token that came along stays as it is. */
  login(authorization: string | undefined): ApiSession
  /** `refreshtoken`: new tokens for a session; the old ones are void at once. Throws 400 or 401. */
  refresh(accessToken: string | undefined, refreshToken: string | undefined): ApiSession
  /** The user of a good access token. Throws 401. */
  authenticate(accessToken: string | undefined): User
  /** `revokeaccess`: ends the session of a good access token. Throws 401. */
  revoke(accessToken: string | undefined): void
}

/** Opens the book of API sessions. Tokens are UUIDs from the World's dice; their life is lab time. */
export function createSessions(world: World, users: readonly User[]): Sessions {
  const dice = world.random.stream('fmc.sessions')
  const userIds = new Map(users.map((user) => [user, world.random.stream('fmc.users').stream(user.name).uuid()]))
  const byAccess = new Map<string, ApiSession>()
  const byRefresh = new Map<string, ApiSession>()

  function issue(session: ApiSession): ApiSession {
    session.accessToken = dice.uuid()
    session.refreshToken = dice.uuid()
    session.issuedMs = world.clock.uptimeMs()
    byAccess.set(session.accessToken, session)
    byRefresh.set(session.refreshToken, session)
    return session
  }

  function forget(session: ApiSession): void {
    byAccess.delete(session.accessToken)
    byRefresh.delete(session.refreshToken)
  }

  /** Maps keep insertion order and every issue inserts anew, so the oldest sessions come first. */
  function forgetOld(): void {
    const before = world.clock.uptimeMs() - SESSION_LIFE_MS
    for (const session of byAccess.values()) {
      if (session.issuedMs > before) return
      forget(session)
    }
  }

  function sessionOf(accessToken: string | undefined): ApiSession {
    const session = accessToken === undefined ? undefined : byAccess.get(accessToken)
    if (!session || world.clock.uptimeMs() - session.issuedMs >= ACCESS_TOKEN_LIFE_MS) throw accessTokenInvalid()
    return session
  }

  return {
    login(authorization) {
      const credentials = parseBasic(authorization)
      const user = users.find(({ name, password }) => name === credentials?.name && password === credentials.password)
      if (!user) throw authenticationFailed()
      forgetOld()
      return issue({ user, userUuid: userIds.get(user)!, accessToken: '', refreshToken: '', issuedMs: 0, refreshes: 0 })
    },
    refresh(accessToken, refreshToken) {
      if (refreshToken === undefined) throw refreshTokenMissing()
      const session = byRefresh.get(refreshToken)
      if (!session || session.refreshes >= MAX_REFRESHES) throw refreshTokenInvalid()
      // An access token that is only too old is the very reason for a refresh; one of another session is not.
      if (session.accessToken !== accessToken) throw accessTokenInvalid()
      forget(session)
      session.refreshes += 1
      return issue(session)
    },
    authenticate: (accessToken) => sessionOf(accessToken).user,
    revoke: (accessToken) => forget(sessionOf(accessToken)),
  }
}

function parseBasic(authorization: string | undefined): { readonly name: string; readonly password: string } | undefined {
  const encoded = /^Basic\s+(\S+)$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const [name, ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return { name: name!, password: password.join(':') }
}
