import { CANCONNECT_CA_FOLDER } from '../../../../shared/contract/device-files.ts'
import { SSE_PATHS } from '../../../../shared/contract/sse.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import type { Proxy } from '../../../../shared/wire/http/connect.ts'
import { readProxy } from '../../cli/network-config.ts'

const CURL = '/usr/bin/curl'

/**
 * Whether the device reaches a region's API, tried with its own curl and the documented arguments, `-x` (and `-U`) added when it has a proxy. Undefined when it does, else
 * the documented log line. (seed A; -x inferred from CSCvs05084)
 */
export async function canConnect(world: World, fqdn: string, signal: AbortSignal): Promise<string | undefined> {
  const proxy = await readProxy(world.files)
  const url = `https://${fqdn}${SSE_PATHS.regions}`
  const child = await world.processes.spawn(CURL, { args: curlArguments(url, proxy) })
  const kill = () => child.kill('SIGTERM')
  signal.addEventListener('abort', kill, { once: true })
  const { code } = await child.exited
  signal.removeEventListener('abort', kill)
  signal.throwIfAborted()
  if (code === 0) return undefined
  const command = [CURL, ...curlArguments(url, proxy && masked(proxy))].join(' ')
  return `[SF::SSE::Enrollment] canConnect: System (${command}) Failed, curl returned ${code} at /ngfw/usr/local/sf/lib/perl/5.10.1/SF/System.pm line 10477.`
}

function curlArguments(url: string, proxy: Proxy | undefined): string[] {
  const limits = ['-s', '--connect-timeout', '10', '-m', '20', '-L', '--max-redirs', '5', '--max-filesize', '104857600']
  const proxyOption = proxy === undefined ? [] : ['-x', `${proxy.host}:${proxy.port}`]
  const proxyUser = proxy?.user === undefined ? [] : ['-U', `${proxy.user}:${proxy.password ?? ''}`]
  return [...limits, '--capath', CANCONNECT_CA_FOLDER, ...proxyOption, ...proxyUser, '-f', url]
}

/** A log is no place for a password. */
function masked(proxy: Proxy): Proxy {
  return proxy.password === undefined ? proxy : { ...proxy, password: '****' }
}
