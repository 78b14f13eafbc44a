import type { Cure, FaultSite } from './fault.ts'
import { once } from './cures.ts'

/** A setting of the world that one or more faults have changed. */
interface Covered {
  readonly original: unknown
  /** The values that active faults gave it, oldest first; the last one holds. */
  readonly layers: { readonly value: unknown }[]
}

interface SiteSettings {
  readonly covered: Map<string, Covered>
  /** Changes of one site's settings happen one after the other: each reads what the one before it wrote. */
  last: Promise<unknown>
}

const sites = new WeakMap<FaultSite, SiteSettings>()

/** A setting that can be read and set, e.g. the DNS servers of a device. */
export interface Setting<T> {
  /** Names the setting among all of the site. */
  readonly key: string
  read(): Promise<T>
  /** Sets it; may be called with what `read` gave. */
  apply(value: T): Promise<void>
}

/**
 * Gives a setting another value until the cure. Faults on the same setting lie on each other like sheets: the newest one holds, curing a
 * lower one changes nothing yet, and when the last is cured the setting is as it was before the first, in whatever order they went.
 * When the value cannot be set, the one before is set again.
 */
export async function coverSetting<T>(site: FaultSite, setting: Setting<T>, value: T): Promise<Cure> {
  const settings = settingsOf(site)
  const layer = { value }
  await inTurn(settings, async () => {
    const covered = settings.covered.get(setting.key) ?? { original: await setting.read(), layers: [] }
    try {
      await setting.apply(value)
    } catch (error) {
      await setting.apply(topOf(covered) as T).catch((undoing: unknown) => {
        throw new AggregateError(
          [error, undoing],
          `${(error as Error).message}; the setting before could not be made again: ${(undoing as Error).message}`,
          { cause: error },
        )
      })
      throw error
    }
    covered.layers.push(layer)
    settings.covered.set(setting.key, covered)
  })
  return once(() =>
    inTurn(settings, async () => {
      const covered = settings.covered.get(setting.key)!
      const rest = covered.layers.filter((other) => other !== layer)
      if (covered.layers.at(-1) === layer) await setting.apply(topOf({ ...covered, layers: rest }) as T)
      if (rest.length === 0) settings.covered.delete(setting.key)
      else settings.covered.set(setting.key, { ...covered, layers: rest })
    }),
  )
}

function topOf({ original, layers }: Covered): unknown {
  const top = layers.at(-1)
  return top === undefined ? original : top.value
}

function settingsOf(site: FaultSite): SiteSettings {
  let settings = sites.get(site)
  if (settings === undefined) {
    settings = { covered: new Map(), last: Promise.resolve() }
    sites.set(site, settings)
  }
  return settings
}

function inTurn<T>(settings: SiteSettings, work: () => Promise<T>): Promise<T> {
  const done = settings.last.then(work)
  settings.last = done.catch(() => {
    // Whoever asked for this change is told; the next one does not depend on it.
  })
  return done
}
