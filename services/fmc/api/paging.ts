import type { Answer, Call } from './call.ts'
import { inputMismatch } from './errors.ts'

/** Default and largest page (public). */
const DEFAULT_LIMIT = 25
const MAX_LIMIT = 1_000

/** What every item of a list has, expanded or not. */
export interface Item {
  readonly id?: string
  readonly type: string
  readonly name?: string
  readonly links?: unknown
  readonly [field: string]: unknown
}

/** Whether the client asked for whole items: `expanded=true`, or Python's `True`. */
export function isExpanded(call: Call): boolean {
  return call.query('expanded')?.toLowerCase() === 'true'
}

/**
 * One page of a list (public; the empty form is recorded). `view` makes the whole item; without `expanded=true` only id, type, name and links
 * of it are shown, unless the list is `alwaysExpanded`. Throws 400 for an `offset` or `limit` that is no number.
 */
export function listAnswer<T>(call: Call, all: readonly T[], view: (item: T) => Item, { alwaysExpanded = false } = {}): Answer {
  const offset = wholeNumber(call, 'offset', 0, 0)
  const limit = Math.min(wholeNumber(call, 'limit', DEFAULT_LIMIT, 1), MAX_LIMIT)
  const count = all.length
  if (count === 0) return { body: { links: {}, paging: { offset: 0, limit: 0, count: 0, pages: 0 } } }
  const urlAt = (start: number): string => pageUrl(call, start, limit)
  const whole = alwaysExpanded || isExpanded(call)
  const items = all.slice(offset, offset + limit).map((item) => (whole ? view(item) : brief(view(item))))
  const next = range(offset + limit, count, limit).map(urlAt)
  const prev = range(offset % limit, Math.min(offset, count), limit).map(urlAt)
  const paging = {
    offset,
    limit,
    count,
    pages: Math.ceil(count / limit),
    ...(prev.length > 0 && { prev }),
    ...(next.length > 0 && { next }),
  }
  return { body: { links: { self: urlAt(offset) }, ...(items.length > 0 && { items }), paging } }
}

function brief({ id, type, name, links }: Item): Item {
  return { ...(id !== undefined && { id }), type, ...(name !== undefined && { name }), links }
}

function range(start: number, end: number, step: number): number[] {
  const starts: number[] = []
  for (let at = start; at < end; at += step) starts.push(at)
  return starts
}

function pageUrl(call: Call, offset: number, limit: number): string {
  const query = new URLSearchParams({ offset: String(offset), limit: String(limit) })
  for (const name of ['expanded', 'filter']) {
    const value = call.query(name)
    if (value !== undefined) query.set(name, value)
  }
  return `${call.origin}${call.path}?${query.toString()}`
}

function wholeNumber(call: Call, name: string, otherwise: number, least: number): number {
  const text = call.query(name)
  if (text === undefined || text === '') return otherwise
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least) throw inputMismatch(`${name} must be a whole number from ${least} on, not ${text}`)
  return value
}
