import { PassThrough } from 'node:stream'
import type { ShellName } from '../../shared/host/host.ts'
import type { OpenLab } from './open-lab.ts'

/** How long a command may take, in lab time: longer than any of the kernel's own time limits. */
const COMMAND_LIMIT_MS = 1_200_000
const PROMPT = /(?:root|admin)@[\w.-]+:\S*[#$] $/
const PROMPTED = /^(?:root|admin)@[\w.-]+:\S*[#$] /
/** A line of a transcript that is a key, and what the terminal sends for it. */
const INTERRUPT = { shown: '^C', sent: '\x03' } as const

/**
 * Plays a transcript at a terminal of a device: wherever the device prompts, the next line of the transcript that begins with that prompt is typed. A line
 * `^C` is that key, pressed when everything before it was printed. Returns what the terminal showed, without its last prompt.
 */
export async function play(lab: OpenLab, host: string, expected: string, shell: ShellName = 'root'): Promise<string> {
  const lines = expected.trimEnd().split('\n')
  const screen = openScreen(lab, host, shell)
  try {
    for (let at = 0; ;) {
      const prompt = await screen.untilPrompt()
      const typed = lines.findIndex((line, index) => index >= at && line.startsWith(prompt))
      if (typed < 0) return screen.shown.slice(0, screen.shown.length - prompt.length)
      screen.type(`${lines[typed]!.slice(prompt.length)}\r`)
      at = typed + 1
      const next = lines.findIndex((line, index) => index >= at && (PROMPTED.test(line) || line.startsWith(prompt)))
      const interrupt = lines.slice(at, next < 0 ? undefined : next).indexOf(INTERRUPT.shown)
      if (interrupt < 0) continue
      await screen.untilLines(at + interrupt)
      screen.type(INTERRUPT.sent)
    }
  } finally {
    await screen.hangUp()
  }
}

interface Screen {
  readonly shown: string
  type(keys: string): void
  untilPrompt(): Promise<string>
  /** Waits until so many whole lines were shown. */
  untilLines(count: number): Promise<void>
  hangUp(): Promise<void>
}

function openScreen(lab: OpenLab, hostName: string, shell: ShellName): Screen {
  const stdin = new PassThrough()
  let shown = ''
  let changed: (() => void) | undefined
  /** Where what was typed last begins: a prompt before it is an answered one. */
  let answeredAt = -1
  const ended = lab.host(hostName).terminal!({
    shell,
    stdin,
    stdout: {
      write(text) {
        shown += Buffer.from(text as Uint8Array)
          .toString()
          .replaceAll('\r\n', '\n')
        changed?.()
      },
    },
    columns: 160,
  })
  const until = <T>(look: () => T | undefined): Promise<T> =>
    lab.sim.run(
      () =>
        new Promise<T>((resolve) => {
          changed = () => {
            const found = look()
            if (found !== undefined) resolve(found)
          }
          changed()
        }),
      { limitMs: COMMAND_LIMIT_MS },
    )
  const promptNow = (): string | undefined => {
    if (shown.length <= answeredAt) return undefined
    return PROMPT.exec(shown)?.[0] ?? (/(?:^|\n)> $/.test(shown) ? '> ' : undefined)
  }
  return {
    get shown() {
      return shown
    },
    type(keys) {
      answeredAt = shown.length
      stdin.write(keys)
    },
    untilPrompt: () => until(promptNow),
    async untilLines(count) {
      await until(() => (shown.split('\n').length > count ? true : undefined))
    },
    async hangUp() {
      stdin.destroy()
      await lab.sim.run(() => ended)
    },
  }
}
