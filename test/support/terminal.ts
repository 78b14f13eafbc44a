import { PassThrough } from 'node:stream'
import type { ShellName } from '../../shared/host/host.ts'
import type { OpenLab } from './open-lab.ts'

/** How long a command may take, in lab time: longer than any of the kernel's own time limits. */
const COMMAND_LIMIT_MS = 1_200_000
const ROOT_OR_ADMIN = /(?:root|admin)@[\w.-]+:\S*[#$] $/
/** Keys that a transcript shows on a line of their own, and what the terminal sends for them. */
const KEYS: Readonly<Record<string, string>> = { '^C': '\x03', '<enter>': '\r' }

/**
 * Plays a transcript at a terminal of a device: wherever the device prompts, the next line of the transcript that begins with that prompt is typed. A line
 * `^C` or `<enter>` is that key, pressed when everything before it was printed. Returns what the terminal showed, without its last prompt and with
 * `<enter>` where that key was pressed.
 */
export async function play(lab: OpenLab, host: string, expected: string, shell: ShellName = 'root'): Promise<string> {
  const lines = expected.trimEnd().split('\n')
  const screen = openScreen(lab, host, shell)
  try {
    let prompt = await screen.untilPrompt()
    for (let at = 0; ;) {
      const next = lines.findIndex((line, index) => index >= at && line.startsWith(prompt))
      if (next < 0) return screen.shown.slice(0, screen.shown.length - prompt.length)
      screen.type(`${lines[next]!.slice(prompt.length)}\r`)
      at = next + 1
      for (; at < lines.length && !lines[at]!.startsWith(prompt); at++) {
        const key = KEYS[lines[at]!]
        if (key === undefined) continue
        await screen.untilLines(at)
        screen.type(key, lines[at] === '<enter>' ? '<enter>' : '')
      }
      prompt = await screen.untilPrompt()
    }
  } finally {
    await screen.hangUp()
  }
}

interface Screen {
  readonly shown: string
  type(keys: string, shownAs?: string): void
  untilPrompt(): Promise<string>
  /** Waits until so many whole lines were shown. */
  untilLines(count: number): Promise<void>
  hangUp(): Promise<void>
}

function openScreen(lab: OpenLab, hostName: string, shell: ShellName): Screen {
  const stdin = new PassThrough()
  let shown = ''
  let changed: () => void = () => {}
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
        changed()
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
    return ROOT_OR_ADMIN.exec(shown)?.[0] ?? (/(?:^|\n)> $/.test(shown) ? '> ' : undefined)
  }
  return {
    get shown() {
      return shown
    },
    type(keys, shownAs = '') {
      answeredAt = shown.length
      shown += shownAs
      stdin.write(keys)
    },
    untilPrompt: () => until(promptNow),
    untilLines: (count) => until(() => (shown.split('\n').length > count ? true : undefined)).then(() => {}),
    async hangUp() {
      stdin.end()
      await lab.sim.run(() => ended)
    },
  }
}
