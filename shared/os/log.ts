import { pino, type Logger } from 'pino'
import type { Clock } from '../kernel/clock.ts'
import type { Log, LogFields } from '../kernel/log.ts'

/** Takes whole lines of JSON, each with its line end. */
export interface LogSink {
  write(line: string): void
}

/** The lab's log as JSON lines with lab time. Source: (invented). */
export function jsonLog(sink: LogSink, clock: Clock, fields: LogFields): Log {
  const logger = pino(
    { base: fields, timestamp: () => `,"time":${clock.now()}`, formatters: { level: (label) => ({ level: label }) } },
    sink,
  )
  return logOf(logger)
}

function logOf(logger: Logger): Log {
  return {
    child: (fields) => logOf(logger.child(fields)),
    debug: (event, fields) => logger.debug(fields ?? {}, event),
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, fields) => logger.error(fields ?? {}, event),
  }
}
