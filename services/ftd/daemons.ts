import { ACK_SOCKET, EVENT_SOCKET } from '../../shared/contract/ingest.ts'
import { pmtool } from '../../shared/host/pmtool.ts'
import { networkPrograms } from '../../shared/host/programs/index.ts'
import { reboot } from '../../shared/host/reboot.ts'
import { shellPrograms } from '../../shared/host/shell/programs/index.ts'
import type { Daemon } from '../../shared/host/supervisor.ts'
import { codeOf } from '../../shared/kernel/errors.ts'
import type { Programs } from '../../shared/kernel/processes.ts'
import type { World } from '../../shared/kernel/world.ts'
import { SFTUNNEL_SOCKET } from './paths.ts'
import { connector } from './processes/connector/index.ts'
import { actionQueueScrape } from './processes/enrollment/index.ts'
import { createEventHandler } from './processes/event-handler.ts'
import { hmdaemon } from './processes/health/index.ts'
import { sftunnel } from './processes/sftunnel/index.ts'
import { snort } from './processes/snort.ts'
import { createBell } from './waiting.ts'

/** Where the device's files begin. (seeds A, B) */
const PREFIX = '/ngfw'
const BIN = `${PREFIX}/usr/local/sf/bin`

/** The device's daemons under `pm`. EventHandler's and SSEConnector's names, types, titles and users: seeds A, B and public P07; the rest inferred. */
export const ftdDaemons: readonly Daemon[] = [
  daemon({ name: 'sftunnel', type: 'system', program: `${BIN}/sftunnel`, ready: whenThere(SFTUNNEL_SOCKET) }),
  daemon({ name: 'snort3', program: `${BIN}/snort3` }),
  daemon({
    name: 'EventHandler',
    program: `${BIN}/EventHandler`,
    environment: { LD_LIBRARY_PATH: `${PREFIX}/usr/local/sf/lib64/EventHandlerModules` },
    ready: whenThere(EVENT_SOCKET, ACK_SOCKET),
  }),
  daemon({
    name: 'SSEConnector',
    type: 'system',
    program: `${BIN}/connector`,
    title: 'connector',
    user: 'www',
    requires: ['EventHandler'],
  }),
  daemon({
    name: 'ActionQueueScrape',
    program: `${BIN}/ActionQueueScrape.pl`,
    title: 'ActionQueueScrape.pl',
    requires: ['sftunnel', 'SSEConnector'],
  }),
  daemon({ name: 'hmdaemon', type: 'system', program: `${BIN}/hmdaemon`, requires: ['sftunnel'] }),
]

/** Everything that can be started on a device, by absolute path. */
export const ftdPrograms: Programs = {
  ...networkPrograms,
  ...shellPrograms,
  [`${BIN}/sftunnel`]: sftunnel,
  [`${BIN}/snort3`]: snort,
  [`${BIN}/EventHandler`]: createEventHandler(),
  [`${BIN}/connector`]: connector,
  [`${BIN}/ActionQueueScrape.pl`]: actionQueueScrape,
  [`${BIN}/hmdaemon`]: hmdaemon,
  [`${BIN}/pmtool`]: pmtool(PREFIX),
  '/sbin/reboot': reboot(PREFIX),
}

function daemon(given: Pick<Daemon, 'name' | 'program'> & Partial<Daemon>): Daemon {
  return { type: 'normal', title: given.name, user: 'root', requires: [], ...given }
}

/** Ready when these files are there. */
function whenThere(...paths: readonly string[]): NonNullable<Daemon['ready']> {
  return async (world, signal) => {
    for (const path of paths) await appears(world, path, signal)
  }
}

async function appears(world: World, path: string, signal: AbortSignal): Promise<void> {
  const bell = createBell()
  using _watch = world.files.watch(path, () => bell.ring())
  for (;;) {
    try {
      await world.files.stat(path)
      return
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
    await bell.rung(signal)
  }
}
