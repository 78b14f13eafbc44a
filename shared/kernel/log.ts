/**
 * The lab's own log: what our code did, for the engineer who runs the lab. Appliance logs are files of the appliance and are not
 * written through it.
 */
export interface Log {
  child(fields: LogFields): Log
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export type LogFields = Readonly<Record<string, unknown>>
