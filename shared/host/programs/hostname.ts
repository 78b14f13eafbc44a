import { codeOf } from '../../kernel/errors.ts'
import type { Program } from '../../kernel/processes.ts'
import { createResolver } from '../../wire/dns/resolver.ts'

/** `hostname [-f | -s | -i]`: the appliance's own name, from `/etc/hostname`, else the lab's name of the host. (public: net-tools) */
export const hostname: Program = async (world, invocation) => {
  const flag = invocation.argv[1]
  const name = await configuredName()
  if (flag === undefined || flag === '-f') invocation.stdout.write(`${name}\n`)
  else if (flag === '-s') invocation.stdout.write(`${name.split('.')[0]}\n`)
  else if (flag === '-i') {
    const addresses = await createResolver(world)
      .lookup(name, invocation.signal)
      .catch(() => undefined)
    if (addresses === undefined) {
      invocation.stderr.write('hostname: Unknown host\n')
      return 1
    }
    invocation.stdout.write(`${addresses.join(' ')}\n`)
  } else {
    invocation.stderr.write('hostname: LAB_NOT_EMULATED: setting the name; use configure network hostname\n')
    return 1
  }
  return 0

  async function configuredName(): Promise<string> {
    try {
      return (await world.files.read('/etc/hostname')).toString('utf8').trim() || world.host
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      return world.host
    }
  }
}
