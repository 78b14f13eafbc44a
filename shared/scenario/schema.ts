import { z } from 'zod'
import { DurationMs } from '../kernel/duration.ts'
import { EventType } from '../contract/event.ts'
import type { HealthModuleId } from '../contract/sftunnel.ts'
import { AnyFault } from '../fault/catalogue.ts'

/** A text in the languages it exists in; English always. */
const Text = z.strictObject({
  en: z.string().min(1),
  ja: z.string().optional(),
  'zh-TW': z.string().optional(),
  'zh-CN': z.string().optional(),
})

/** The names that scenarios use for health modules, and FMC's ids for them. */
export const MODULES = {
  'cloud-configuration': 'THREAT_DATA_UPDATES',
  'sse-connection': 'CONN_STATUS_SSE',
  'process-status': 'PROCESS',
} as const satisfies Record<string, HealthModuleId>
const ModuleName = z.enum(Object.keys(MODULES) as [keyof typeof MODULES])

const Pattern = z.string().refine(isRegExp, { error: 'write a regular expression' })

const symptomFields = {
  /** How long it may take to show; looked at again and again until then. */
  within: DurationMs.prefault('1m'),
  /** A control: holds before the fault as well as after it. */
  control: z.boolean().default(false),
}

/** Something an engineer could see. Checking it always says what was seen. */
export const Symptom = z.discriminatedUnion('see', [
  z.strictObject({
    see: z.literal('cli'),
    host: z.string(),
    run: z.string(),
    shell: z.enum(['clish', 'expert', 'root']).optional(),
    /** The output has, or with `not` lacks, this. Matched line by line (flag m). */
    match: Pattern.optional(),
    not: z.boolean().default(false),
    exit: z.number().int().optional(),
    ...symptomFields,
  }),
  z.strictObject({
    see: z.literal('alert'),
    host: z.string(),
    module: ModuleName.default('cloud-configuration'),
    is: z.enum(['red', 'yellow', 'green', 'disabled']),
    ...symptomFields,
  }),
  z.strictObject({ see: z.literal('cloud'), device: z.string(), registered: z.boolean(), ...symptomFields }),
  z.strictObject({
    see: z.literal('events'),
    device: z.string(),
    /** Events that the cloud acknowledged and does not have, or has twice. */
    lost: z.number().int().optional(),
    /** Whether events of the last minutes are in the cloud. */
    arriving: z.boolean().optional(),
    ...symptomFields,
  }),
  z.strictObject({
    see: z.literal('process'),
    host: z.string(),
    process: z.string(),
    is: z.enum(['Running', 'Waiting', 'Down', 'User Disabled']),
    ...symptomFields,
  }),
])
export type Symptom = z.output<typeof Symptom>
export type SymptomInput = z.input<typeof Symptom>

const input = z.array(z.string()).optional()
/** What a person does to put something right (or tries to). */
export const Step = z.union([
  z.strictObject({ on: z.string(), clish: z.string(), input }),
  z.strictObject({ on: z.string(), expert: z.string(), input }),
  z.strictObject({ on: z.string(), root: z.string(), input }),
  z.strictObject({ fmc: z.enum(['cloud-on', 'cloud-off']) }),
  z.strictObject({ fmc: z.enum(['health-module-on', 'health-module-off']), module: ModuleName }),
  z.strictObject({
    gateway: z.literal('allow'),
    from: z.array(z.string()).optional(),
    to: z.array(z.string()).optional(),
    port: z.number().int().optional(),
  }),
  z.strictObject({ dns: z.literal('repair') }),
  z.strictObject({ proxy: z.literal('open') }),
  z.strictObject({ portal: z.literal('eventing-on') }),
  z.strictObject({ wait: DurationMs }),
])
export type Step = z.output<typeof Step>

const Way = z.strictObject({ id: z.string().regex(/^[a-z0-9-]+$/), steps: z.array(Step).min(1) })

export const Scenario = z.strictObject({
  /** Tells the answer; never shown to a learner. */
  id: z.string().regex(/^[a-z0-9-]+$/),
  codename: z.string().regex(/^[a-z]+-[a-z]+$/),
  title: Text,
  difficulty: z.number().int().min(1).max(5),
  sources: z.array(z.string()).min(1),
  lab: z
    .strictObject({
      ftds: z.number().int().min(1).max(20).default(1),
      region: z.enum(['us', 'eu', 'apj']).default('us'),
      /** `proxy`: nothing but the proxy gets out, and every appliance is told so. */
      internet: z.enum(['direct', 'proxy']).default('direct'),
    })
    .prefault({}),
  workload: z
    .array(z.strictObject({ events: EventType, on: z.string(), rate: z.string().regex(/^\d+(\.\d+)?\/s$/, 'write a rate such as 1/s') }))
    .default([]),
  faults: z.array(AnyFault).min(1),
  decoys: z.array(AnyFault).default([]),
  symptoms: z.array(Symptom).min(1),
  brief: Text,
  hints: z.array(z.strictObject({ after: DurationMs, cost: z.number().int(), text: Text })).default([]),
  answers: z.strictObject({ where: z.string(), cause: z.string() }),
  goal: z.strictObject({
    within: DurationMs.prefault('20m'),
    sustain: DurationMs.prefault('5m'),
    all: z.array(Symptom).min(1),
  }),
  solutions: z.array(Way).min(1),
  rejects: z.array(Way).min(2),
  debrief: Text,
})
export type Scenario = z.output<typeof Scenario>

function isRegExp(text: string): boolean {
  try {
    new RegExp(text, 'm')
    return true
  } catch {
    return false
  }
}
