import { existsSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import type { NetInterface } from '../kernel/net.ts'

/** The machine's IPv4 interfaces, without loopback. MTU and gateway are read where the machine is a Linux. */
export function machineInterfaces(): NetInterface[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter((one) => one.family === 'IPv4' && !one.internal)
      .map(({ address, netmask, mac }) => {
        const gateway = gatewayOf(name)
        return { name, address, netmask, mac, mtu: mtuOf(name), ...(gateway === undefined ? {} : { gateway }) }
      }),
  )
}

function mtuOf(name: string): number {
  const path = `/sys/class/net/${name}/mtu`
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : 1_500
}

/** The gateway of the default route through an interface, from the kernel's routing table (addresses are little-endian hex). */
function gatewayOf(name: string): string | undefined {
  if (!existsSync('/proc/net/route')) return undefined
  for (const line of readFileSync('/proc/net/route', 'utf8').trimEnd().split('\n').slice(1)) {
    const [device, destination, gateway] = line.split(/\s+/)
    if (device !== name || destination !== '00000000' || gateway === '00000000') continue
    return Buffer.from(gateway!, 'hex').reverse().join('.')
  }
  return undefined
}
