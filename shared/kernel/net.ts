import type { Duplex } from 'node:stream'

/** A dotted IPv4 address. */
export type Ip = string

export interface Endpoint {
  readonly address: Ip
  readonly port: number
}

export interface NetInterface {
  readonly name: string
  readonly address: Ip
  readonly netmask: Ip
  readonly mac: string
  readonly mtu: number
  readonly gateway?: Ip
}

/** A TCP connection. `node:tls`, `node:http` and `ws` take it where they take a `net.Socket`. */
export type Conn = Duplex & {
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  /** Ends the connection with a reset instead of a FIN. */
  resetAndDestroy(): unknown
}

export interface Listener extends AsyncDisposable {
  readonly at: Endpoint
}

export interface UdpSocket extends AsyncDisposable {
  readonly at: Endpoint
  send(data: Uint8Array, to: Endpoint): void
  /** Called for each datagram. Only one receiver: a later call replaces it. */
  onMessage(receive: (data: Buffer, from: Endpoint) => void): void
  /** Called with ECONNREFUSED when the other side answered "port unreachable"; a Node socket that does not learn of it never calls. */
  onError(receive: (error: NodeJS.ErrnoException) => void): void
}

export type TcpState = 'LISTEN' | 'SYN_SENT' | 'ESTABLISHED' | 'CLOSE_WAIT' | 'FIN_WAIT2'

/** A row of what `netstat` and `lsof` look at. */
export type SocketRow = {
  readonly pid: number
  /** The short command name of the owner, as `lsof` shows it. */
  readonly command: string
  readonly user: string
  readonly fd: number
  readonly inode: number
} & (
  | { readonly protocol: 'tcp'; readonly state: TcpState; readonly local: Endpoint; readonly remote?: Endpoint }
  | { readonly protocol: 'udp'; readonly local: Endpoint }
  | { readonly protocol: 'unix'; readonly state: 'LISTENING' | 'CONNECTED'; readonly path?: string }
)

/** Which of the packets that a host forwards are meant. Absent fields match everything. */
export interface ForwardMatch {
  /** Prefixes such as `192.0.2.0/24`, or single addresses. */
  readonly from?: readonly string[]
  readonly to?: readonly string[]
  readonly protocol?: 'tcp' | 'udp' | 'icmp'
  /** The destination port. */
  readonly port?: number
}

/** A firewall rule of a host that forwards. The first match decides. */
export interface ForwardRule extends ForwardMatch {
  readonly action: 'accept' | 'drop' | 'reject'
}

/**
 * A bad stretch of the way: what it matches, and the answers to that, are held back or lost; it judges nothing, so that a rule that drops still drops. Where
 * several match one packet, the first one with a delay decides how long; each loss takes its share of what the others leave.
 */
export interface ForwardShape extends ForwardMatch {
  /** Lab time, in each direction: a round trip takes twice as long. */
  readonly delayMs?: number
  /** How many of a hundred packets are lost, in each direction. */
  readonly lossPercent?: number
}

/** What a host does with packets that are not its own. Rules apply to every packet, also of connections that exist. */
export interface Forwarding {
  readonly rules: readonly ForwardRule[]
  readonly otherwise: 'accept' | 'drop'
  /** None unless given. What a rule rejects is answered at once, unless it is lost. */
  readonly shapes?: readonly ForwardShape[]
  /** Source addresses inside this prefix leave with the address of the interface they leave by (NAT). */
  readonly masquerade?: string
}

/** Whether a host can do something to packets; when it cannot, `why` says so in a clause. */
export type Ability = { readonly able: true } | { readonly able: false; readonly why: string }

/** What a host can do to the packets that it forwards, besides judging them. */
export interface ShapingAbilities {
  readonly delay: Ability
  readonly loss: Ability
}

/**
 * One host's IP stack. Errors carry the kernel's codes and Node's wording: ECONNREFUSED, ETIMEDOUT (an unanswered SYN, after about
 * 127 s of lab time), ECONNRESET, EHOSTUNREACH (a neighbour that does not exist, after about 3 s) and
 * ENETUNREACH (no route), EADDRINUSE, EADDRNOTAVAIL.
 */
export interface Net {
  interfaces(): readonly NetInterface[]
  /** Opens a TCP connection. Rejects with the codes above, or with the signal's reason when it is aborted. */
  dial(to: Endpoint, signal?: AbortSignal): Promise<Conn>
  /** Listens on a port, on all addresses unless one is named. `accept` gets each connection; the listener's end destroys them. */
  listen(at: { readonly address?: Ip; readonly port: number }, accept: (conn: Conn) => void): Promise<Listener>
  udp(at?: { readonly address?: Ip; readonly port?: number }): Promise<UdpSocket>
  /** One ICMP echo. Rejects with ETIMEDOUT after `timeoutMs`, or EHOSTUNREACH / ENETUNREACH. */
  ping(to: Ip, timeoutMs: number): Promise<{ readonly rttMs: number; readonly ttl: number }>
  /** Every socket of the host. */
  sockets(): Promise<readonly SocketRow[]>
  /**
   * Makes this host a router with these rules; the newest call holds. Rejects with ENOTSUP, in words, where the host cannot do what is asked for; then
   * what held before still holds.
   */
  forward(forwarding: Forwarding): Promise<void>
  /** What `forward` can do here with shapes, found out by trying. */
  shaping(): Promise<ShapingAbilities>
}
