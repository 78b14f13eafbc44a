import { posix } from 'node:path'
import type { Program, Programs } from '../../../kernel/processes.ts'

/** Commands that an appliance has and the lab does not. (recalled: those of its Linux, and Cisco's scripts for engineers) */
// prettier-ignore
const PATHS = [
  '/bin/dd', '/bin/df', '/bin/dmesg', '/bin/ln', '/bin/chown', '/bin/mount', '/bin/umount', '/bin/vi', '/bin/zgrep',
  '/sbin/arp', '/sbin/ethtool', '/sbin/ifconfig', '/sbin/ip', '/sbin/iptables', '/sbin/lsmod', '/sbin/route', '/sbin/shutdown', '/sbin/ss',
  '/usr/bin/dig', '/usr/bin/free', '/usr/bin/gdb', '/usr/bin/host', '/usr/bin/killall', '/usr/bin/last', '/usr/bin/ldd', '/usr/bin/nohup', '/usr/bin/openssl', '/usr/bin/passwd',
  '/usr/bin/perl', '/usr/bin/pgrep', '/usr/bin/pkill', '/usr/bin/pstree', '/usr/bin/python', '/usr/bin/python3', '/usr/bin/rsync', '/usr/bin/scp',
  '/usr/bin/screen', '/usr/bin/sftp', '/usr/bin/ssh', '/usr/bin/strace', '/usr/bin/top', '/usr/bin/traceroute', '/usr/bin/vim', '/usr/bin/vmstat',
  '/usr/bin/w', '/usr/bin/watch', '/usr/bin/wget', '/usr/bin/who', '/usr/bin/xxd',
  '/usr/sbin/ntpq', '/usr/sbin/tcpdump',
  '/usr/local/sf/bin/manage_procs.pl', '/usr/local/sf/bin/OmniQuery.pl', '/usr/local/sf/bin/sfcli.pl', '/usr/local/sf/bin/sftunnel_status.pl',
] as const

/** As a shell would call them unknown, which is untrue of the appliance, they say that it is the lab that has none. Exit code 126. */
export const notEmulatedPrograms: Programs = Object.fromEntries(PATHS.map((path) => [path, notEmulated(posix.basename(path))]))

function notEmulated(name: string): Program {
  return async (_world, { stderr }) => {
    stderr.write(`${name}: LAB_NOT_EMULATED: the appliance has this command, the lab does not\n`)
    return 126
  }
}
