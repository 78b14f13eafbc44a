import { cloudDevices, cloudEventCounts, CloudError } from './cloud-client.ts'
import { eventBooks, lostEvents } from './event-books.ts'
import { fmcConfig } from './fmc-client.ts'
import type { Lab } from './lab.ts'
import { MODULES, type Symptom } from './schema.ts'

/** Whether a symptom shows, when that was looked at (lab time), and what was seen: never empty. */
export interface Verdict {
  readonly held: boolean
  readonly atMs: number
  readonly observed: string
}

/** How recent an event must be for events to count as arriving. */
const ARRIVING_MS = 120_000
const EXCERPT = 400

/** Looks once. What a cloud that does not answer would show does not show. */
export async function check(lab: Lab, symptom: Symptom): Promise<Verdict> {
  try {
    const { held, observed } = await look(lab, symptom)
    return { held, observed, atMs: lab.now() }
  } catch (error) {
    if (!(error instanceof CloudError)) throw error
    return { held: false, observed: error.message, atMs: lab.now() }
  }
}

async function look(lab: Lab, symptom: Symptom): Promise<{ held: boolean; observed: string }> {
  switch (symptom.see) {
    case 'cli':
      return cli(lab, symptom)
    case 'alert':
      return alert(lab, symptom)
    case 'cloud': {
      const registered = (await cloudDevices(lab)).some((device) => device.name === symptom.device)
      return {
        held: registered === symptom.registered,
        observed: `${symptom.device} is ${registered ? '' : 'not '}on the cloud's device list`,
      }
    }
    case 'events':
      return events(lab, symptom)
    case 'process': {
      const host = (await lab.hosts()).find((candidate) => candidate.name === symptom.host)
      const state = host?.processes.find((candidate) => candidate.name === symptom.process)?.state
      return { held: state === symptom.is, observed: `${symptom.process} on ${symptom.host}: ${state ?? 'no such process'}` }
    }
  }
}

async function cli(lab: Lab, symptom: Extract<Symptom, { see: 'cli' }>): Promise<{ held: boolean; observed: string }> {
  const result = await lab.exec(symptom.host, symptom.run, symptom.shell === undefined ? {} : { shell: symptom.shell })
  const matches = symptom.match === undefined || new RegExp(symptom.match, 'm').test(result.output) !== symptom.not
  const exits = symptom.exit === undefined || symptom.exit === result.exitCode
  const shown = result.output.length > EXCERPT ? `…${result.output.slice(-EXCERPT)}` : result.output
  return { held: matches && exits, observed: `exit ${result.exitCode}\n${shown}` }
}

async function alert(lab: Lab, symptom: Extract<Symptom, { see: 'alert' }>): Promise<{ held: boolean; observed: string }> {
  const devices = (await fmcConfig(lab, 'GET', '/devices/devicerecords?limit=1000')).body as { items?: { id: string; name: string }[] }
  const device = devices.items?.find(({ name }) => name === symptom.host)
  if (device === undefined) return { held: false, observed: `FMC has no device named ${symptom.host}` }
  const filter = encodeURIComponent(`deviceUUIDs:${device.id};moduleIDs:${MODULES[symptom.module]}`)
  const alerts = (await fmcConfig(lab, 'GET', `/health/alerts?expanded=true&limit=1000&filter=${filter}`)).body as {
    items?: { status: string; description: string }[]
  }
  const [found] = alerts.items ?? []
  // FMC calls what is well again "recovered" for a while; an engineer sees a green sign.
  const shown = found?.status === 'RECOVERED' ? 'green' : found?.status.toLowerCase()
  return {
    held: shown === symptom.is,
    observed: found === undefined ? 'no report of this module yet' : `${found.status}: ${found.description}`,
  }
}

async function events(lab: Lab, symptom: Extract<Symptom, { see: 'events' }>): Promise<{ held: boolean; observed: string }> {
  // The device is asked first: what it was told is stored must be in the cloud's later answer.
  const books = await eventBooks(lab, symptom.device)
  const counts = (await cloudEventCounts(lab)).find(({ deviceName }) => deviceName === symptom.device)
  const lost = lostEvents(books, counts?.stored ?? 0)
  const arriving = counts?.lastStoredAt !== undefined && counts.lastStoredAt > lab.now() - ARRIVING_MS
  const last = counts?.lastStoredAt === undefined ? 'never' : `${Math.round((lab.now() - counts.lastStoredAt) / 1_000)} s ago`
  return {
    held: (symptom.lost === undefined || symptom.lost === lost) && (symptom.arriving === undefined || symptom.arriving === arriving),
    observed: `acknowledged ${books.acknowledged}, of these not for the cloud ${books.skipped}, stored ${counts?.stored ?? 0}, lost ${lost}, last stored ${last}`,
  }
}
