/** Well-known ports and their names. (public: the services file of Debian) */
const SERVICES: readonly (readonly [number, string])[] = [
  [22, 'ssh'],
  [23, 'telnet'],
  [25, 'smtp'],
  [53, 'domain'],
  [67, 'bootps'],
  [68, 'bootpc'],
  [69, 'tftp'],
  [80, 'http'],
  [110, 'pop3'],
  [123, 'ntp'],
  [143, 'imap2'],
  [161, 'snmp'],
  [162, 'snmp-trap'],
  [389, 'ldap'],
  [443, 'https'],
  [514, 'syslog'],
  [636, 'ldaps'],
  [993, 'imaps'],
  [1812, 'radius'],
  [3128, 'squid'],
  [3306, 'mysql'],
  [8080, 'http-alt'],
]

const BY_PORT = new Map(SERVICES)
const BY_NAME = new Map(SERVICES.map(([port, name]) => [name, port]))

/** The service's name, or the number when it has none. */
export function serviceName(port: number): string {
  return BY_PORT.get(port) ?? String(port)
}

/** A port as written, a number or a service's name; undefined when it is neither. */
export function portOf(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) <= 65_535 ? Number(text) : undefined
  return BY_NAME.get(text)
}
