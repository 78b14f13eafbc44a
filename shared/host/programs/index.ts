import type { Programs } from '../../kernel/processes.ts'
import { curl } from './curl/curl.ts'
import { date } from './date.ts'
import { hostname } from './hostname.ts'
import { kill } from './kill.ts'
import { lsof } from './lsof.ts'
import { netstat } from './netstat.ts'
import { nslookup } from './nslookup.ts'
import { less, more } from './pager.ts'
import { ping } from './ping.ts'
import { ps } from './ps.ts'
import { telnet } from './telnet.ts'
import { uptime } from './uptime.ts'

/** The tools with which an engineer looks at an appliance from its shell, by absolute path. */
export const networkPrograms: Programs = {
  '/bin/date': date,
  '/bin/hostname': hostname,
  '/bin/kill': kill,
  '/bin/more': more,
  '/bin/netstat': netstat,
  '/bin/ping': ping,
  '/bin/ps': ps,
  '/usr/bin/curl': curl,
  '/usr/bin/less': less,
  '/usr/bin/lsof': lsof,
  '/usr/bin/nslookup': nslookup,
  '/usr/bin/telnet': telnet,
  '/usr/bin/uptime': uptime,
}
