import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { LabError, oneOf } from '../kernel/errors.ts'
import type { Output, Program, Programs } from '../kernel/processes.ts'
import type { ContainerConfig } from './container.ts'
import { createOsWorld } from './world.ts'

/** A program of the product as a command that a container's own shells find. */
export interface Command {
  readonly program: Program
  /** What it may start itself. */
  readonly programs?: Programs
  /** Edits its lines itself: the terminal passes every key on as it is. */
  readonly rawTerminal?: boolean
}

/** By name; each is loaded when it is typed, so that a command does not wait for a whole product. */
export type Commands = Readonly<Record<string, () => Promise<Command>>>

/**
 * Runs a program of the product as a command that somebody typed in the container: in this process, on its terminal, in its folder and environment, as its
 * user. Ends the process with the program's exit code. `entry` is `import.meta.url` of the entry module; `configFile` tells the lab's time.
 */
export async function runOsCommand(
  entry: string,
  commands: Commands,
  configFile: string,
  name: string,
  args: readonly string[],
): Promise<never> {
  const load = commands[name]
  if (load === undefined)
    throw new LabError('LAB_BAD_INPUT', `${name} is no command of this container; its commands are ${oneOf(Object.keys(commands))}`)
  process.title = name
  const { program, programs = {}, rawTerminal = false } = await load()
  const { speed, epochMs } = JSON.parse(readFileSync(configFile, 'utf8')) as ContainerConfig<unknown>
  await using world = createOsWorld({
    host: hostname(),
    speed,
    epochMs,
    root: '/',
    // It does not belong to the host's first process, so its dice are its own.
    seed: `${name} ${process.pid}`,
    programs,
    entry,
    // Somebody looks at this terminal: only what the lab did wrong belongs there.
    log: { write: (line) => void (line.includes('"level":"error"') && process.stderr.write(line)) },
  })
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.abort(signal))
  const isRaw = rawTerminal && process.stdin.isTTY
  if (isRaw) process.stdin.setRawMode(true)
  const code = await program(world, {
    argv: [name, ...args],
    env: environment(),
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: outputTo(process.stdout, isRaw),
    stderr: outputTo(process.stderr, isRaw),
    signal: stop.signal,
  })
  if (isRaw) process.stdin.setRawMode(false)
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))))
  process.exit(code)
}

/** Node's raw terminal still adds the carriage returns to line feeds; a program that edits lines itself writes its own. */
function outputTo(stream: NodeJS.WriteStream, isRaw: boolean): Output {
  stream.on('error', () => process.exit(141)) // As by SIGPIPE.
  return {
    write: (text) =>
      void stream.write(
        isRaw
          ? Buffer.from(text as Uint8Array)
              .toString()
              .replaceAll('\r\n', '\n')
          : text,
      ),
  }
}

function environment(): Record<string, string> {
  const columns = process.stdout.columns === undefined ? {} : { COLUMNS: String(process.stdout.columns) }
  return { ...(process.env as Record<string, string>), ...columns }
}
