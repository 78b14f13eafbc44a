import { errno, LabError } from '../kernel/errors.ts'
import type { Endpoint, Ip } from '../kernel/net.ts'

/**
 * Where lab end points really are, so that hosts can be processes of one machine without containers: `192.0.2.20:443` → a port of
 * 127.0.0.1 (the same number for TCP and UDP). `ftd1/127.0.0.1:8989` is a port of that host's own loopback.
 * It travels to child processes in their environment, where the kernel takes 128 KiB: some 5,000 end points.
 */
export type AddressMap = Readonly<Record<string, number>>

/** How a host's end points are told to the kernel, and the kernel's to the host. */
export interface Addressing {
  /** What to bind for a lab end point; several when the lab address is "all". */
  binds(at: { readonly address?: Ip; readonly port: number }): readonly Endpoint[]
  /** What to connect or send to. `nobody`: such a host does not exist, nothing will ever answer. `closed`: it exists, and the port is closed. */
  target(to: Endpoint): Endpoint | 'nobody' | 'closed'
  /** The address that connections to `to` leave from, or undefined to let the kernel choose. */
  source(to: Ip): Ip | undefined
  /** A kernel's end point in lab terms. */
  seen(at: Endpoint): Endpoint
}

const LOOPBACK = '127.0.0.1'
const ANY = '0.0.0.0'
/** Linux hands out ports from here to sockets that do not care. Such ports need no place in the map; the same number stands for them. */
const FIRST_EPHEMERAL_PORT = 32_768

/** The host's addresses are the machine's. */
export const REAL_ADDRESSES: Addressing = {
  binds: ({ address, port }) => [{ address: address ?? ANY, port }],
  target: (to) => to,
  source: () => undefined,
  seen: (at) => at,
}

/** Addressing of one host through an address map. */
export function mappedAddresses(host: string, addresses: readonly Ip[], map: AddressMap): Addressing {
  const known = new Set([...addresses, LOOPBACK])
  const labOf = new Map<number, Endpoint>()
  for (const [key, port] of Object.entries(map)) {
    const { owner, at } = parseKey(key)
    if (owner === undefined) known.add(at.address)
    if (owner === undefined || owner === host) labOf.set(port, at)
  }
  const portOf = ({ address, port }: Endpoint): number | undefined =>
    map[address === LOOPBACK ? `${host}/${LOOPBACK}:${port}` : `${address}:${port}`]
  const own = addresses[0] ?? LOOPBACK
  return {
    binds: ({ address, port }) => {
      const all = address === undefined || address === ANY
      if (!all && address !== LOOPBACK && !addresses.includes(address)) throw errno('EADDRNOTAVAIL', 'bind', `${address}:${port}`)
      if (port === 0) return [{ address: aliasOf(all ? own : address), port: 0 }]
      const wanted = all ? [...addresses, LOOPBACK] : [address]
      const bound = wanted.flatMap((one) => {
        const local = portOf({ address: one, port })
        return local === undefined ? [] : [{ address: LOOPBACK, port: local }]
      })
      if (bound.length === 0)
        throw new LabError('LAB_BAD_INPUT', `the address map has no local port for ${all ? own : address}:${port} of ${host}; add one`)
      return bound
    },
    target: (to) => {
      const local = portOf(to)
      if (local !== undefined) return { address: LOOPBACK, port: local }
      if (!known.has(to.address)) return 'nobody'
      return to.port >= FIRST_EPHEMERAL_PORT ? { address: aliasOf(to.address), port: to.port } : 'closed'
    },
    source: (to) => (to === LOOPBACK ? undefined : aliasOf(own)),
    seen: (at) => (at.address === LOOPBACK ? (labOf.get(at.port) ?? at) : { address: labAddressOf(at.address), port: at.port }),
  }
}

function parseKey(key: string): { owner: string | undefined; at: Endpoint } {
  const match = /^(?:([^/]+)\/)?(\d+\.\d+\.\d+\.\d+):(\d+)$/.exec(key)
  if (!match)
    throw new LabError('LAB_BAD_INPUT', `${key} in the address map is not an end point; write 192.0.2.20:443, or ftd1/127.0.0.1:8989`)
  return { owner: match[1], at: { address: match[2]!, port: Number(match[3]) } }
}

/** The first two numbers of the lab's ranges, and the number that stands for them in 127.x.y.z. */
const RANGES: ReadonlyMap<string, number> = new Map([
  ['192.0', 1],
  ['198.51', 2],
  ['203.0', 3],
  ...Array.from({ length: 64 }, (_, i): [string, number] => [`100.${64 + i}`, 64 + i]),
])
const RANGE_OF: ReadonlyMap<number, string> = new Map([...RANGES].map(([range, number]) => [number, range]))

/**
 * A loopback address that stands for a lab address, so that who accepts a connection can tell whose it is: `192.0.2.27` is `127.1.2.27`.
 * Linux answers to all of 127.0.0.0/8; elsewhere everybody is 127.0.0.1.
 */
function aliasOf(address: Ip): Ip {
  const [a, b, c, d] = address.split('.')
  const range = RANGES.get(`${a}.${b}`)
  return range === undefined || process.platform !== 'linux' ? LOOPBACK : `127.${range}.${c}.${d}`
}

function labAddressOf(alias: Ip): Ip {
  const [, range, c, d] = alias.split('.')
  const lab = alias.startsWith('127.') ? RANGE_OF.get(Number(range)) : undefined
  return lab === undefined ? alias : `${lab}.${c}.${d}`
}
