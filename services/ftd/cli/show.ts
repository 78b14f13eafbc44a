import { SFTUNNEL_PORT } from '../../../shared/contract/sftunnel.ts'
import type { Ip, NetInterface } from '../../../shared/kernel/net.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { readDevice, readHostname } from '../device.ts'
import { heading, row } from './layout.ts'
import { readDns, readProxy } from './network-config.ts'
import { isRegistered } from './sftunnel-status.ts'

/** `show network`, in the format of the 6.x releases. (seed A; the rows of a proxy that is on, and `Domains`: invented) */
export async function showNetwork({ net, files }: World): Promise<string> {
  const interfaces = net.interfaces().filter(({ address }) => !address.startsWith('127.'))
  const dns = await readDns(files)
  const gateway = interfaces.find((networkInterface) => networkInterface.gateway !== undefined)?.gateway
  const proxy = await readProxy(files)
  return [
    heading('System Information', '='),
    row('Hostname', await readHostname(files)),
    ...(dns.searchDomains.length > 0 ? [row('Domains', dns.searchDomains.join(','))] : []),
    row('DNS Servers', ...dns.servers),
    row('Management port', String(SFTUNNEL_PORT)),
    ...(gateway === undefined ? [] : ['IPv4 Default route\n', row('  Gateway', gateway)]),
    '\n',
    ...interfaces.map(interfaceText),
    heading('Proxy Information', '='),
    row('State', proxy ? 'Enabled' : 'Disabled'),
    ...(proxy ? [row('HTTP Proxy', proxy.host), row('HTTP Proxy Port', String(proxy.port))] : []),
    row('Authentication', proxy?.user === undefined ? 'Disabled' : 'Enabled'),
    ...(proxy?.user === undefined ? [] : [row('Proxy Username', proxy.user)]),
    '\n',
  ].join('')
}

function interfaceText({ name, address, netmask, mac, mtu }: NetInterface): string {
  return [
    heading(name, '='),
    row('State', 'Enabled'),
    row('Link', 'Up'),
    row('Channels', 'Management & Events'),
    row('Mode', 'Non-Autonegotiation'),
    row('MDI/MDIX', 'Auto/MDIX'),
    row('MTU', String(mtu)),
    row('MAC Address', mac.toUpperCase()),
    heading('IPv4', '-'),
    row('Configuration', 'Manual'),
    row('Address', address),
    row('Netmask', netmask),
    row('Broadcast', broadcastOf(address, netmask)),
    heading('IPv6', '-'),
    row('Configuration', 'Disabled'),
    '\n',
  ].join('')
}

function broadcastOf(address: Ip, netmask: Ip): Ip {
  const mask = netmask.split('.').map(Number)
  return address
    .split('.')
    .map((part, index) => Number(part) | (~mask[index]! & 255))
    .join('.')
}

/** `show managers`. (public P38) */
export async function showManagers(world: World): Promise<string> {
  const { manager } = await readDevice(world.files)
  const registration = (await isRegistered(world)) ? 'Completed' : 'Pending'
  return row('Type', 'Manager') + row('Host', manager.address) + row('Registration', registration)
}

/** `show version`. (public P38; the rule and VDB versions are that page's) */
export async function showVersion({ files }: World): Promise<string> {
  const { model, version, build, uuid } = await readDevice(files)
  return [
    heading(await readHostname(files), '-'),
    row('Model', `${model} Version ${version} (Build ${build})`),
    row('UUID', uuid),
    row('Rules update version', '2016-03-28-001-vrt'),
    row('VDB version', '270'),
    `${'-'.repeat(52)}\n\n`,
  ].join('')
}
