import { explainFault, faultKind, faultKinds, parametersOf, parseFault, parseFaultWords } from '../../../shared/fault/catalogue.ts'
import type { FaultTiming } from '../../../shared/fault/timing.ts'
import type { FaultReport } from '../api/schemas.ts'
import { runningLab } from './client.ts'
import { print, printJson, printTable } from './print.ts'

/** `ftdlab fault ls`: the active faults. */
export async function faultLs(options: { readonly json?: boolean }): Promise<number> {
  const { call } = await runningLab()
  const faults = await call<FaultReport[]>('GET', '/api/faults')
  if (options.json === true) printJson(faults)
  else if (faults.length === 0) print('no fault is active; `ftdlab fault explain` lists what can be broken')
  else
    printTable(
      ['id', 'kind', 'what it does'],
      faults.map((active) => [active.id, active.fault.kind, sentences(active)]),
    )
  return 0
}

/** `ftdlab fault add`: breaks something; the first word it prints is the fault's id. */
export async function faultAdd(kind: string, words: readonly string[], when: FaultTiming = {}): Promise<number> {
  const fault = parseFault({ ...parseFaultWords(kind, words), ...(Object.keys(when).length > 0 && { when }) })
  const { call } = await runningLab()
  const active = await call<FaultReport>('POST', '/api/faults', fault)
  print(`${active.id} ${sentences(active)}`)
  return 0
}

function sentences({ explanation, state, note }: FaultReport): string {
  return [explanation, ...(state === undefined ? [] : [`Now: ${state}.`]), ...(note === undefined ? [] : [note])].join(' ')
}

/** `ftdlab fault rm`: takes a fault back. */
export async function faultRm(id: string): Promise<number> {
  const { call } = await runningLab()
  await call('DELETE', `/api/faults/${encodeURIComponent(id)}`)
  print(`${id} is taken back`)
  return 0
}

/** `ftdlab fault explain`: every kind; one kind with its parameters; or what a fault would do. Needs no lab. */
export function faultExplain(name: string | undefined, words: readonly string[]): number {
  if (name === undefined) {
    printTable(
      ['kind', 'what it does'],
      [...faultKinds.values()].map(({ kind, summary }) => [kind, summary]),
    )
    return 0
  }
  if (words.length > 0) {
    print(explainFault(parseFaultWords(name, words)))
    return 0
  }
  const kind = faultKind(name)
  const parameters = parametersOf(kind)
  print(`${kind.kind}: ${kind.summary}`)
  print()
  if (parameters.length === 0) print('it has no parameters')
  else
    printTable(
      ['parameter', '', 'what it is'],
      parameters.map(({ name: parameter, required, description }) => [`${parameter}=…`, required ? 'required' : 'optional', description]),
    )
  return 0
}
