import { once } from 'node:events'
import type { Output, Program, Programs } from '../../shared/kernel/processes.ts'

const aborted = (signal: AbortSignal): Promise<unknown> => (signal.aborted ? Promise.resolve() : once(signal, 'abort'))

/** Programs that do the one thing that a contract is about. */
export const programs: Programs = {
  /** Ends with the exit code it is told. */
  '/bin/exit': async (_world, { argv }) => Number(argv[1]),

  '/bin/crash': async () => {
    throw new Error('a bug of ours')
  },

  /** Prints what it was started with. */
  '/bin/show': async (world, { argv, env, cwd, stdout }) => {
    stdout.write(JSON.stringify({ argv, env, cwd, host: world.host, pid: world.processes.pid }))
    return 0
  },

  '/bin/count': async (world, { argv, stdout, stderr }) => {
    for (let i = 0; i < Number(argv[1]); i++) {
      stdout.write(`out ${i}\n`)
      stderr.write(`err ${i}\n`)
      if (i % 50 === 0) await world.clock.sleep(1)
    }
    return 0
  },

  '/bin/cat': async (_world, { stdin, stdout }) => {
    for await (const chunk of stdin) stdout.write(chunk as Buffer)
    return 0
  },

  /** Ends in good order when it is asked to. */
  '/bin/polite': async (world, { signal, stdout }) => {
    stdout.write('ready\n')
    await aborted(signal)
    await world.clock.sleep(1)
    stdout.write(`bye after ${String(signal.reason)}\n`)
    return 7
  },

  /** Lets the abort's reason end it, as programs do that wait on the signal. */
  '/bin/plain': async (world, { signal, stdout }) => {
    stdout.write('ready\n')
    await world.clock.sleep(3_600_000, signal)
    return 0
  },

  /** Does not listen. */
  '/bin/stubborn': async (world, { stdout }) => {
    stdout.write('ready\n')
    await world.clock.sleep(3_600_000)
    return 0
  },

  /** `lines PATH WHO COUNT`: appends lines to a file. */
  '/bin/lines': async (world, { argv }) => {
    const [, path, who, count] = argv
    for (let i = 0; i < Number(count); i++) {
      await world.files.append(path!, `${who} ${i} ${who!.repeat(100)}\n`)
      if (i % 20 === 0) await world.clock.sleep(1)
    }
    return 0
  },

  /** `hold ADDRESS PORT IPC LISTENADDRESS LISTENPORT`: has one of everything open, and keeps writing to /beat. */
  '/bin/hold': async (world, { argv, stdout }) => {
    const [, address, port, ipcPath, listenAddress, listenPort] = argv
    const push = await world.ipc.bindPush(ipcPath!)
    const listener = await world.net.listen({ address: listenAddress!, port: Number(listenPort) }, (conn) => conn.resume())
    const conn = await world.net.dial({ address: address!, port: Number(port) })
    conn.on('error', () => {})
    conn.resume()
    stdout.write(`ready ${listener.at.port}\n`)
    for (;;) {
      await world.clock.sleep(5)
      await world.files.append('/beat', '.')
      if (push.peers > 0) await push.send(['beat'])
    }
  },

  /** Starts a child, prints its pid and waits for it. */
  '/bin/parent': async (world, { stdout }) => {
    const child = await world.processes.spawn('/bin/polite', { title: 'grandchild', stdout })
    stdout.write(`child ${child.pid}\n`)
    const exit = await child.exited
    return exit.code ?? 1
  },

  /** Prints what time it is for its host. */
  '/bin/now': async (world, { stdout }) => {
    stdout.write(String(world.clock.now()))
    return 0
  },

  /** Ends once the clock of its host was set to a time far away. */
  '/bin/clock-set': async (world) => {
    const aheadMs = world.clock.now() - world.clock.uptimeMs()
    while (Math.abs(world.clock.now() - world.clock.uptimeMs() - aheadMs) < 86_400_000) await world.clock.sleep(5)
    return 0
  },

  /** Prints one roll of its dice. */
  '/bin/roll': async (world, { stdout }) => {
    stdout.write(world.random.uuid())
    return 0
  },
}

/** Collects what is written, and tells when a text has come. */
export function collector(): Output & { text(): string } {
  let text = ''
  return { write: (chunk) => void (text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()), text: () => text }
}

export type { Program }
