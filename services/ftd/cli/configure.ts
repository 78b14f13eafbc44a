import { parseIp } from '../../../shared/kernel/ip.ts'
import type { World } from '../../../shared/kernel/world.ts'
import type { ClishContext } from '../../../shared/host/shell/clish.ts'
import { isHostname, isPort, readDns, writeDns, writeHostname, writeProxy } from './network-config.ts'

/** The C library looks at no more. (public: resolv.conf) */
const MOST_SERVERS = 3

/** `configure network dns [servers] …`: addresses separated by blanks, commas or bars, or `none`. (seeds A, C; it prints nothing; errors invented) */
export async function configureDnsServers({ files }: World, { args, print }: ClishContext): Promise<number> {
  const asked = listOf(args)
  const servers = asked.length === 1 && asked[0]!.toLowerCase() === 'none' ? [] : asked
  const wrong = servers.find((server) => parseIp(server) === undefined)
  if (wrong !== undefined || asked.length === 0) {
    print(`Invalid DNS server address: ${wrong ?? ''}\n`)
    return 1
  }
  if (servers.length > MOST_SERVERS) {
    print(`At most ${MOST_SERVERS} DNS servers can be configured.\n`)
    return 1
  }
  await writeDns(files, { ...(await readDns(files)), servers })
  return 0
}

/** `configure network dns searchdomains …`: names separated by blanks or commas, or `none`. (public P38; errors invented) */
export async function configureSearchDomains({ files }: World, { args, print }: ClishContext): Promise<number> {
  const asked = listOf(args)
  const searchDomains = asked.length === 1 && asked[0]!.toLowerCase() === 'none' ? [] : asked
  const wrong = searchDomains.find((domain) => !isHostname(domain))
  if (wrong !== undefined) {
    print(`Invalid search domain: ${wrong}\n`)
    return 1
  }
  await writeDns(files, { ...(await readDns(files)), searchDomains })
  return 0
}

/** `configure network hostname NAME`. (public P38; errors invented) */
export async function configureHostname({ files }: World, { args, print }: ClishContext): Promise<number> {
  const [hostname = ''] = args
  if (!isHostname(hostname)) {
    print(`Invalid hostname: ${hostname}\n`)
    return 1
  }
  await writeHostname(files, hostname)
  return 0
}

/** `configure network http-proxy`: asks for everything. (prompts: public P38, domain facts 4.2; errors invented) */
export async function configureHttpProxy({ files }: World, { stdio, print }: ClishContext): Promise<number> {
  const refuse = (text: string) => {
    print(text)
    return 1
  }
  const cancelled = 'Proxy configuration was not changed.\n'
  print('Manual proxy configuration\n')
  const host = (await stdio.ask('Enter HTTP Proxy address: '))?.trim()
  if (host === undefined) return refuse(cancelled)
  if (!isHostname(host)) return refuse(`Invalid HTTP Proxy address: ${host}\n`)
  const port = (await stdio.ask('Enter HTTP Proxy Port: '))?.trim()
  if (port === undefined) return refuse(cancelled)
  if (!isPort(port)) return refuse(`Invalid HTTP Proxy Port: ${port}\n`)
  const answer = await stdio.ask('Use Proxy Authentication? (y/n) [n]: ')
  if (answer === undefined) return refuse(cancelled)
  if (!/^y(es)?$/i.test(answer.trim())) {
    await writeProxy(files, { host, port: Number(port) })
    return 0
  }
  const user = (await stdio.ask('Enter Proxy Username: '))?.trim()
  const password = await stdio.ask('Enter Proxy Password: ', { secret: true })
  const again = await stdio.ask('Confirm Proxy Password: ', { secret: true })
  if (user === undefined || user === '' || password === undefined || again === undefined) return refuse(cancelled)
  if (password !== again) return refuse(`Passwords do not match.\n${cancelled}`)
  await writeProxy(files, { host, port: Number(port), user, password })
  return 0
}

/** `configure network http-proxy-disable`. (recalled, domain facts 4.2) */
export async function disableHttpProxy({ files }: World): Promise<number> {
  await writeProxy(files, undefined)
  return 0
}

function listOf(args: readonly string[]): readonly string[] {
  return args
    .join(' ')
    .split(/[\s,|]+/)
    .filter((item) => item !== '')
}
