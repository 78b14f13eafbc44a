import type { TerminalSession } from '../host.ts'
import type { Level } from './level.ts'
import { createTty } from './tty.ts'

/** How many lines the arrow keys bring back. */
const HISTORY_LINES = 500

/**
 * Runs an interactive session: reads lines at the innermost shell's prompt, enters and leaves shells (clish, `expert`, `sudo su -` and back), and ends with the
 * exit code of the outermost one, or with 255 when the terminal goes away. Ctrl-C aborts the running command; Ctrl-D leaves a shell.
 */
export async function runSession(session: TerminalSession, first: Level): Promise<number> {
  const tty = createTty(session)
  const levels: { readonly level: Level; readonly history: string[] }[] = [{ level: first, history: [] }]
  for (;;) {
    const { level, history } = levels.at(-1)!
    const read = await tty.read(await level.prompt(), { history, help: level.help?.bind(level), complete: level.complete?.bind(level) })
    if (tty.closed) return 255
    if (read.kind === 'interrupt') continue
    let leave: number | undefined
    if (read.kind === 'line') {
      if (read.line.trim() !== '' && history.at(-1) !== read.line) history.push(read.line)
      if (history.length > HISTORY_LINES) history.shift()
      using stdio = tty.foreground()
      const outcome = await level.run(read.line, stdio)
      if (outcome.kind === 'enter') levels.push({ level: outcome.level, history: [] })
      else if (outcome.kind === 'leave') leave = outcome.exitCode
    } else {
      leave = 0
      if (level.farewell === '') tty.output.write('\n')
    }
    if (leave === undefined) continue
    if (level.farewell !== '') tty.output.write(`${level.farewell}\n`)
    levels.pop()
    if (levels.length === 0) return leave
  }
}
