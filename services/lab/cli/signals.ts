/** What ends a command from outside. */
export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type EndingSignal = (typeof ENDING_SIGNALS)[number]

/** Calls back for each signal that would end this process, instead of ending it, until disposed. */
export function onEndingSignal(arrived: (signal: EndingSignal) => void): Disposable {
  for (const signal of ENDING_SIGNALS) process.on(signal, arrived)
  return {
    [Symbol.dispose]: () => {
      for (const signal of ENDING_SIGNALS) process.off(signal, arrived)
    },
  }
}

/** The exit code of a command that a signal ended, as shells have it. */
export function exitCodeOf(signal: EndingSignal): number {
  return 128 + { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }[signal]
}
