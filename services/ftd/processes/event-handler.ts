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
import { openEventLog } from './event-log.ts'
import { openSpool } from './event-spool.ts'
import { createWindow } from './event-window.ts'

/** What got no acknowledgement for so long is sent again. */
const RESEND_MS = 30_000
/** While acknowledgements keep coming, how far they are is saved so often: each time costs two flushes of the disk. */
const SAVE_MS = 1_000
/** After a batch that was not full, events are gathered for so long: a single event goes at once, a trickle goes in fewer batches. */
const GATHER_MS = 3_000
/** So long is a part of the log that is set aside: several hundred events. (invented) */
const SEGMENT_BYTES = 262_144
/** So long it is kept, at least: somebody may have opened the log before and write to it only now. (invented) */
const KEEP_MS = 60_000

export interface EventHandlerOptions {
  /** How long a part of the log is before it is set aside. */
  readonly segmentBytes?: number
}

/**
 * The event handler: binds the ZeroMQ PUSH socket that the connector attaches to (seeds A, B), numbers the events of the log and sends those that the manager selected
 * until the cloud acknowledges them (invented). Batches follow Nagle's rule: a full one goes at once, a smaller one when nothing waits for an acknowledgement and none went just before. The
 * log itself is the spool: after a kill, what is not known to be acknowledged is read from it again. A part of it that is acknowledged is set aside, and removed when the next one is.
 */
export function createEventHandler({ segmentBytes = SEGMENT_BYTES }: EventHandlerOptions = {}): Program {
  return async (world, { signal }) => {
    const push = await world.ipc.bindPush(EVENT_SOCKET)
    const acks = await world.ipc.bindPull(ACK_SOCKET)
    signal.addEventListener('abort', () => void closeSockets(push, acks), { once: true })
    try {
      await handleEvents(world, push, acks, segmentBytes, signal)
    } finally {
      await closeSockets(push, acks)
      // In good order it takes its sockets away; a killed one leaves them behind (inferred from FM-082 and FM-083).
      await removeIfThere(world.files, EVENT_SOCKET)
      await removeIfThere(world.files, ACK_SOCKET)
    }
    return 0
  }
}

async function closeSockets(push: Push, acks: Pull): Promise<void> {
  await push[Symbol.asyncDispose]()
  await acks[Symbol.asyncDispose]()
}

async function handleEvents(world: World, push: Push, acks: Pull, segmentBytes: number, signal: AbortSignal): Promise<void> {
  const start: EventState = (await readJson(world, EVENT_STATE, EventState)) ?? {
    acknowledged: 0,
    skipped: 0,
    seen: 0,
    first: 1,
    offset: 0,
  }
  const log = await openEventLog(world, start)
  const spool = openSpool(world, log, start.acknowledged, start.offset)
  const window = createWindow(start)
  const books = (): EventState => ({ ...window.done, first: log.first, before: log.before, seen: Math.max(start.seen, spool.seen) })
  const saving = createSaver(world, books)
  const bell = createBell()
  let settings = await readCloudSettings(world)
  let sendAgain = false
  let progressMs = world.clock.uptimeMs()
  let savedMs = progressMs
  let turnedMs = progressMs
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
    const meantForCloud = (event: DeviceEvent) => isSelected(event, selected)
    await turnOver(meantForCloud).catch((error: unknown) =>
      // It is tried again with the next acknowledgement; until then the log just grows.
      world.log.warn('cannot set the event log aside', { error: String(error) }),
    )
    if (sendAgain) {
      sendAgain = false
      for (const { text } of window.waiting) await send(text)
    }
    while (!window.isFull && !isGathering()) {
      await spool.fill(meantForCloud)
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

  /**
   * Sets the log aside when it is long and every event in it is acknowledged, and removes the part before it. What the next step relies on is in the books before it:
   * a kill in between leaves no event without a number, and none with two.
   */
  async function turnOver(meantForCloud: (event: DeviceEvent) => boolean): Promise<void> {
    if (!window.isEmpty || !spool.isEmpty) return
    if (!log.isAside) {
      if (spool.offset < segmentBytes || spool.seen < log.first || world.clock.uptimeMs() - turnedMs < KEEP_MS) return
      await saving.now(books())
      await log.forget()
      await log.setAside()
    }
    // Somebody may have written to the log meanwhile.
    await spool.fill(meantForCloud)
    if (!spool.isEmpty) return
    const next = log.following(spool.seen + 1, spool.offset)
    await saving.now({ ...books(), ...next })
    log.follow(next)
    spool.rewind()
    window.rewind()
    turnedMs = world.clock.uptimeMs()
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

interface Saver {
  /** Saves the newest state soon, and never more often than the disk can. */
  save(): void
  /** Resolves when nothing is being saved. */
  saved(): Promise<void>
  /** Saves this state and resolves when it is on the disk. Rejects when it cannot be saved. */
  now(state: EventState): Promise<void>
}

/** Saves durably. */
function createSaver(world: World, state: () => EventState): Saver {
  let isWanted = false
  let running: Promise<void> | undefined
  const write = (what: EventState) => world.files.write(EVENT_STATE, JSON.stringify(what), { durable: true })
  async function run(): Promise<void> {
    while (isWanted) {
      isWanted = false
      try {
        await write(state())
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
    async now(what) {
      await running
      await write(what)
    },
  }
}
