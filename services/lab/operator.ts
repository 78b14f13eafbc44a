import { ADMIN_PORT } from '../../shared/contract/admin.ts'
import type { HostKind } from '../../shared/host/host.ts'
import type { World } from '../../shared/kernel/world.ts'
import type { HostInfo, LabRequest, LabResponse } from '../../shared/scenario/lab.ts'
import { createAgent, type HttpAgent } from '../../shared/wire/http/client.ts'

/** What the operator trusts and may do. */
export interface OperatorSecrets {
  readonly caPem: string
  readonly adminToken: string
}

/** An operator's HTTP client: one kept connection for each host it talks to. */
export interface OperatorClient extends AsyncDisposable {
  request(host: HostInfo, request: LabRequest): Promise<LabResponse>
}

/** Hosts that answer on their administration port; the cloud too, but a request that names a server of it is for that server. */
const WITH_ADMIN_API: readonly HostKind[] = ['dns', 'gateway', 'proxy', 'cloud']
/** Nobody waits longer for an answer; in lab time. */
const PATIENCE_MS = 60_000

/** Makes the client that runs on the operator's workstation. */
export function operatorClient(world: World, secrets: OperatorSecrets): OperatorClient {
  const agents = new Map<string, HttpAgent>()
  const agentFor = (origin: string): HttpAgent => {
    const known = agents.get(origin)
    if (known !== undefined) return known
    const agent = createAgent(world, { origin, ca: secrets.caPem })
    agents.set(origin, agent)
    return agent
  }
  return {
    async request(host, { method, servername, path, headers, body }) {
      const admin = servername === undefined && WITH_ADMIN_API.includes(host.kind)
      const origin = admin ? `http://${host.address}:${ADMIN_PORT}` : `https://${servername ?? host.address}`
      const json = body !== undefined && typeof body !== 'string'
      const response = await agentFor(origin).request(path, {
        method,
        timeoutMs: PATIENCE_MS,
        headers: {
          ...(admin && { authorization: `Bearer ${secrets.adminToken}` }),
          ...(json && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: json ? JSON.stringify(body) : body }),
      })
      return {
        status: response.status,
        headers: firstValues(response.headers),
        body: parsed(response.body.toString(), response.headers['content-type']),
      }
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents.values()) agent.close()
      agents.clear()
    },
  }
}

function firstValues(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) values[name] = Array.isArray(value) ? value.join(', ') : value
  return values
}

function parsed(text: string, contentType: string | undefined): unknown {
  if (contentType === undefined || !/\bjson\b/.test(contentType)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
