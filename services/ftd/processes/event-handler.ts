import { EVENT_LOG, EVENT_STATE, EventState, type DeviceEvent } from '../../../shared/contract/event.ts'
import { ACK_SOCKET, EVENT_SOCKET, IngestAck } from '../../../shared/contract/ingest.ts'
import type { CloudSettings } from '../../../shared/contract/sftunnel.ts'
import type { Pull, Push } from '../../../shared/kernel/ipc.ts'
import type { Program } from '../../../shared/kernel/processes.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { readJson } from '../files.ts'
import { removeIfThere } from '../../../shared/host/optional-files.ts'
import { CLOUD_SETTINGS } from '../paths.ts'
import { readCloudSettings } from '../settings.ts'
import { createBell } from '../waiting.ts'
import { openSpool } from './event-spool.ts'
import { createWindow } from './event-window.ts'

/** What got no acknowledgement for so long is sent again. */
const RESEND_MS = 30_000
/** While acknowledgements keep coming, how far they are is saved so often: each time costs two flushes of the disk. */
const SAVE_MS = 1_000
/** After a batch that was not full, events are gathered for so long: a single event goes at once, a trickle goes in fewer batches. */
const GATHER_MS = 3_000

/**
 * The event handler: binds the ZeroMQ PUSH socket that the connector attaches to (seeds A, B), numbers the events of the log and sends those that the manager selected
 * until the cloud acknowledges them (invented). Batches follow Nagle's rule: a full one goes at once, a smaller one when nothing waits for an acknowledgement and none went just before. The
 * log itself is the spool: after a kill, what is not known to be acknowledged is read from it again.
 */
export const eventHandler: Program = async (world, { signal }) => {
  const push = await world.ipc.bindPush(EVENT_SOCKET)
  const acks = await world.ipc.bindPull(ACK_SOCKET)
  signal.addEventListener('abort', () => void closeSockets(push, acks), { once: true })
  try {
    await handleEvents(world, push, acks, signal)
  } finally {
    await closeSockets(push, acks)
    // In good order it takes its sockets away; a killed one leaves them behind (inferred from FM-082 and FM-083).
    await removeIfThere(world.files, EVENT_SOCKET)
    await removeIfThere(world.files, ACK_SOCKET)
  }
  return 0
}

async function closeSockets(push: Push, acks: Pull): Promise<void> {
  await push[Symbol.asyncDispose]()
  await acks[Symbol.asyncDispose]()
}

async function handleEvents(world: World, push: Push, acks: Pull, signal: AbortSignal): Promise<void> {
  const start: EventState = (await readJson(world, EVENT_STATE, EventState)) ?? { acknowledged: 0, skipped: 0, seen: 0, offset: 0 }
  const spool = openSpool(world, start.acknowledged, start.offset)
  const window = createWindow(start)
  const saving = createSaver(world, () => ({ ...window.done, seen: Math.max(start.seen, spool.seen) }))
  const bell = createBell()
  let settings = await readCloudSettings(world)
  let sendAgain = false
  let progressMs = world.clock.uptimeMs()
  let savedMs = progressMs
  let timer: Disposable | undefined
  let gathering: Disposable | undefined

  const askAgain = () => {
    sendAgain = true
    bell.ring()
  }
  push.onPeers((peers) => {
    if (peers > 0) askAgain()
  })
  using _log = world.files.watch(EVENT_LOG, () => bell.ring())
  using _settings = world.files.watch(CLOUD_SETTINGS, () => {
    takeSettings().catch((error: unknown) => world.log.error('cannot read the cloud settings', { error: String(error) }))
  })

  async function takeSettings(): Promise<void> {
    settings = await readCloudSettings(world)
    bell.ring()
  }

  /** One timer at a time, looked after when it fires: an acknowledgement a second must not make a timer a second. */
  function watchProgress(): void {
    if (timer !== undefined || window.waiting.length === 0) return
    timer = world.clock.after(progressMs + RESEND_MS - world.clock.uptimeMs(), () => {
      timer = undefined
      if (world.clock.uptimeMs() - progressMs >= RESEND_MS) {
        // Perhaps nobody takes anything now; then it is asked for again after as long.
        progressMs = world.clock.uptimeMs()
        askAgain()
      }
      watchProgress()
    })
  }

  async function send(text: string): Promise<void> {
    progressMs = world.clock.uptimeMs()
    watchProgress()
    await push.send([text])
  }

  async function sendWhatIsThere(): Promise<void> {
    if (settings?.enabled !== true || push.peers === 0) return
    const { send: selected } = settings
    if (sendAgain) {
      sendAgain = false
      for (const { text } of window.waiting) await send(text)
    }
    while (!window.isFull && !isGathering()) {
      await spool.fill((event) => isSelected(event, selected))
      if (spool.isEmpty) return
      if (!spool.isFull && window.waiting.length > 0) return
      const wasFull = spool.isFull
      const batch = spool.cut()
      window.add(batch)
      if (batch.events > 0) await send(batch.text)
      else saving.save()
      if (!wasFull) gather()
    }
  }

  const isGathering = () => gathering !== undefined

  function gather(): void {
    gathering = world.clock.after(GATHER_MS, () => {
      gathering = undefined
      bell.ring()
    })
  }

  /** Under load now and then is enough: what was acknowledged since then would be sent again after a kill, and the cloud would drop it. */
  function saveProgress(): void {
    if (window.waiting.length > 0 && progressMs - savedMs < SAVE_MS) return
    savedMs = progressMs
    saving.save()
  }

  async function readAcks(): Promise<void> {
    for await (const [frame] of acks) {
      const ack = parseAck(frame)
      if (ack === undefined) world.log.warn('no acknowledgement', { frame: frame?.toString('utf8', 0, 80) })
      // The connector has a new connection to the cloud: what it had taken before is perhaps lost.
      else if (ack.ack === 0) askAgain()
      else if (window.acknowledge(ack)) {
        progressMs = world.clock.uptimeMs()
        saveProgress()
        bell.ring()
      }
    }
  }

  const acksRead = readAcks().catch((error: unknown) => world.log.error('acknowledgements are no longer read', { error: String(error) }))
  try {
    for (;;) {
      await sendWhatIsThere()
      await bell.rung(signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    timer?.[Symbol.dispose]()
    gathering?.[Symbol.dispose]()
  }
  await acksRead
  await saving.saved()
}

function parseAck(frame: Buffer | undefined): IngestAck | undefined {
  try {
    return IngestAck.parse(JSON.parse(frame?.toString() ?? ''))
  } catch {
    return undefined
  }
}

/** Whether the manager selected an event for the cloud. Connections: security-related ones, i.e. of high priority (public P40, P45), or all. */
function isSelected({ type, fields }: DeviceEvent, selected: CloudSettings['send']): boolean {
  switch (type) {
    case 'intrusion':
      return selected.intrusion
    case 'file':
    case 'malware':
      return selected.file
    case 'connection':
      return selected.allConnections || (selected.connection && fields['EventPriority'] === 'High')
  }
}

/** Saves the newest state durably, and never more often than the disk can. */
function createSaver(world: World, state: () => EventState): { save(): void; saved(): Promise<void> } {
  let isWanted = false
  let running: Promise<void> | undefined
  async function run(): Promise<void> {
    while (isWanted) {
      isWanted = false
      try {
        await world.files.write(EVENT_STATE, JSON.stringify(state()), { durable: true })
      } catch (error) {
        // Events may come again then, which the cloud drops; none is lost.
        world.log.warn('cannot save how far events are acknowledged', { error: String(error) })
      }
    }
    running = undefined
  }
  return {
    save() {
      isWanted = true
      running ??= run()
    },
    saved: async () => running,
  }
}
