import type { World } from '../kernel/world.ts'

/** Which of these ports the host does not listen on, in words (`tcp port 53`); looked up in the host's sockets. */
export async function missingPorts(
  world: World,
  wanted: readonly { readonly protocol: 'tcp' | 'udp'; readonly port: number }[],
): Promise<string[]> {
  const rows = await world.net.sockets()
  return wanted
    .filter(
      ({ protocol, port }) =>
        !rows.some((row) => row.protocol === protocol && row.local.port === port && (row.protocol !== 'tcp' || row.state === 'LISTEN')),
    )
    .map(({ protocol, port }) => `${protocol} port ${port}`)
}
