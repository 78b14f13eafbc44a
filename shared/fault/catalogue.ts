import { z } from 'zod'
import { LabError, oneOf } from '../kernel/errors.ts'
import { accountDeviceRemoved, accountEventingOff, accountNoLicences } from './account.ts'
import { cloudRateLimited, cloudResets, cloudSilent, cloudUnavailable } from './cloud.ts'
import { deviceDns, deviceProxy } from './device.ts'
import { deviceCaMissing } from './device-ca.ts'
import { dnsNoAnswer, dnsNxdomain } from './dns.ts'
import type { Cure, Fault, FaultSite } from './fault.ts'
import { fileSocketMissing } from './file.ts'
import { fmcCloudOff } from './fmc.ts'
import type { AnyKind } from './kind.ts'
import { nearest } from './nearest.ts'
import { netDelay, netDrop, netLoss, netReject } from './net.ts'
import { processDisabled, processKilled } from './process.ts'
import { proxyAuth, proxyInspect, proxyRequired, proxySlow } from './proxy.ts'
import { timeWrong } from './time.ts'
import { explainTiming, FaultTiming } from './timing.ts'
import { tlsExpired, tlsUnknownAuthority } from './tls.ts'

const kinds = [
  accountDeviceRemoved,
  accountEventingOff,
  accountNoLicences,
  cloudRateLimited,
  cloudResets,
  cloudSilent,
  cloudUnavailable,
  deviceCaMissing,
  deviceDns,
  deviceProxy,
  dnsNoAnswer,
  dnsNxdomain,
  fileSocketMissing,
  fmcCloudOff,
  netDelay,
  netDrop,
  netLoss,
  netReject,
  processDisabled,
  processKilled,
  proxyAuth,
  proxyInspect,
  proxyRequired,
  proxySlow,
  timeWrong,
  tlsExpired,
  tlsUnknownAuthority,
] as const

/** Every kind of fault, by its name. */
export const faultKinds: ReadonlyMap<string, AnyKind> = new Map(kinds.map((kind) => [kind.kind, kind as unknown as AnyKind]))

const WHEN = { when: FaultTiming.optional().describe('when it acts; at once and until it is taken back unless given') }

/** Every fault that there is, for scenario files and OpenAPI. `parseFault` gives better errors. */
export const AnyFault = z.discriminatedUnion('kind', [
  accountDeviceRemoved.schema.safeExtend(WHEN),
  accountEventingOff.schema.safeExtend(WHEN),
  accountNoLicences.schema.safeExtend(WHEN),
  cloudRateLimited.schema.safeExtend(WHEN),
  cloudResets.schema.safeExtend(WHEN),
  cloudSilent.schema.safeExtend(WHEN),
  cloudUnavailable.schema.safeExtend(WHEN),
  deviceCaMissing.schema.safeExtend(WHEN),
  deviceDns.schema.safeExtend(WHEN),
  deviceProxy.schema.safeExtend(WHEN),
  dnsNoAnswer.schema.safeExtend(WHEN),
  dnsNxdomain.schema.safeExtend(WHEN),
  fileSocketMissing.schema.safeExtend(WHEN),
  fmcCloudOff.schema.safeExtend(WHEN),
  netDelay.schema.safeExtend(WHEN),
  netDrop.schema.safeExtend(WHEN),
  netLoss.schema.safeExtend(WHEN),
  netReject.schema.safeExtend(WHEN),
  processDisabled.schema.safeExtend(WHEN),
  processKilled.schema.safeExtend(WHEN),
  proxyAuth.schema.safeExtend(WHEN),
  proxyInspect.schema.safeExtend(WHEN),
  proxyRequired.schema.safeExtend(WHEN),
  proxySlow.schema.safeExtend(WHEN),
  timeWrong.schema.safeExtend(WHEN),
  tlsExpired.schema.safeExtend(WHEN),
  tlsUnknownAuthority.schema.safeExtend(WHEN),
])
export type AnyFault = z.infer<typeof AnyFault>

/** A kind of fault by name. Throws `LAB_BAD_INPUT` that lists the kinds when there is none. */
export function faultKind(name: unknown): AnyKind {
  const found = typeof name === 'string' ? faultKinds.get(name) : undefined
  if (found !== undefined) return found
  if (typeof name !== 'string') throw new LabError('LAB_BAD_INPUT', `a fault has a kind: ${oneOf(faultKinds.keys())}`)
  const meant = nearest(name, faultKinds.keys())
  throw new LabError(
    'LAB_BAD_INPUT',
    `no fault is called ${name}; ${meant === undefined ? 'the' : `did you mean ${meant}? The`} kinds are ${oneOf(faultKinds.keys())}`,
  )
}

export interface Parameter {
  readonly name: string
  readonly required: boolean
  readonly description: string
}

/** The parameters of a kind, without `kind` itself. */
export function parametersOf(kind: AnyKind): readonly Parameter[] {
  return Object.entries(kind.schema.shape)
    .filter(([name]) => name !== 'kind')
    .map(([name, type]) => ({ name, required: !(type instanceof z.ZodOptional), description: (type as z.ZodType).description ?? '' }))
}

/** Reads a fault from data, e.g. of a scenario file or a request. Throws `LAB_BAD_INPUT` in one sentence that says what would do. */
export function parseFault(input: unknown): Fault {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new LabError(
      'LAB_BAD_INPUT',
      `a fault is an object with a kind and its parameters, not ${input === null ? 'null' : Array.isArray(input) ? 'a list' : typeof input}`,
    )
  }
  const kind = faultKind((input as { kind?: unknown }).kind)
  const { when, ...parameters } = input as { when?: unknown }
  const timing = FaultTiming.optional().safeParse(when)
  if (!timing.success) throw new LabError('LAB_BAD_INPUT', `${kind.kind}: ${timing.error.issues.map(timingProblem).join('; ')}`)
  const result = kind.schema.safeParse(parameters)
  if (result.success) return { ...result.data, ...(timing.data !== undefined && { when: timing.data }) }
  // One word about a parameter is enough: what follows from it says nothing new.
  const issues = result.error.issues.filter(
    (issue, index, all) => index === all.findIndex((other) => other.path.join() === issue.path.join()),
  )
  throw new LabError('LAB_BAD_INPUT', `${kind.kind}: ${issues.map((issue) => problem(kind, input, issue)).join('; ')}`)
}

function timingProblem({ path, message }: z.core.$ZodIssue): string {
  return `${['when', ...path].join('.')}: ${message}`
}

/** What is wrong with one parameter, and what would do. */
function problem(kind: AnyKind, input: object, issue: z.core.$ZodIssue): string {
  const parameters = parametersOf(kind)
  const has = parameters.length === 0 ? 'it has no parameters' : `it has ${oneOf(parameters.map(({ name }) => name))}`
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map((key) => {
        const meant = nearest(
          key,
          parameters.map(({ name }) => name),
        )
        return `there is no parameter ${key}${meant === undefined ? '' : ` (did you mean ${meant}?)`}; ${has}`
      })
      .join('; ')
  }
  const name = String(issue.path[0])
  const parameter = parameters.find((candidate) => candidate.name === name)
  if (parameter !== undefined && issue.path.length === 1 && !Object.hasOwn(input, name) && parameter.required) {
    return `the parameter ${name} is missing: ${parameter.description}`
  }
  return `${issue.path.join('.')}: ${issue.message}`
}

/**
 * Reads a fault from words as people type them: `host=ftd1`, `servers=192.0.2.10,192.0.2.12`, `port=443`; `servers=` is an empty list.
 * Throws `LAB_BAD_INPUT` as `parseFault` does.
 */
export function parseFaultWords(name: string, words: readonly string[]): Fault {
  const kind = faultKind(name)
  const fault: Record<string, unknown> = { kind: kind.kind }
  for (const word of words) {
    const split = word.indexOf('=')
    if (split < 1) throw new LabError('LAB_BAD_INPUT', `${JSON.stringify(word)} is no parameter: write name=value, e.g. ${example(kind)}`)
    const parameter = word.slice(0, split)
    if (parameter === 'kind' || Object.hasOwn(fault, parameter)) throw new LabError('LAB_BAD_INPUT', `${parameter} is given twice`)
    Object.defineProperty(fault, parameter, { value: typed(kind, parameter, word.slice(split + 1)), enumerable: true })
  }
  return parseFault(fault)
}

function example(kind: AnyKind): string {
  const first = parametersOf(kind)[0]
  return first === undefined ? `nothing: ${kind.kind} has no parameters` : `${first.name}=…`
}

/** A typed word as the parameter's type has it. What it cannot be stays text, for the schema to refuse in its words. */
function typed(kind: AnyKind, parameter: string, text: string): unknown {
  let type: unknown = Object.hasOwn(kind.schema.shape, parameter) ? kind.schema.shape[parameter] : undefined
  if (type instanceof z.ZodOptional) type = type.unwrap()
  if (type instanceof z.ZodArray) return text === '' ? [] : text.split(',').map((item) => item.trim())
  if (type instanceof z.ZodNumber && /^\d+$/.test(text)) return Number(text)
  return text
}

/** The fault in one sentence. Throws `LAB_BAD_INPUT` when it is none. */
export function explainFault(fault: Fault): string {
  const parsed = parseFault(fault)
  const explained = faultKind(parsed.kind).explain(parsed)
  return parsed.when === undefined ? explained : `${explained} ${explainTiming(parsed.when)}`
}

/** Changes the world as the fault says, at once, and gives the cure. A failed inject leaves nothing behind. One lab must always pass the same `site`. */
export async function injectFault(fault: Fault, site: FaultSite): Promise<Cure> {
  const parsed = parseFault(fault)
  return faultKind(parsed.kind).inject(parsed, site)
}
