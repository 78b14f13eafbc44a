import Table from 'cli-table3'
import { costRatio, isMet, type Measurement, type Unit } from './measurement.ts'

/** The table of all measurements, for people. */
export function renderTable(measurements: readonly Measurement[]): string {
  const table = new Table({ head: ['what', 'measured', 'budget', 'met?', 'floor', 'ratio'], style: { head: [], border: [] } })
  for (const measurement of measurements) {
    const { what, value, unit, budget, floor } = measurement
    const ratio = costRatio(measurement)
    table.push([
      what + losses(measurement),
      amount(value, unit),
      budget === undefined ? '' : `${budget.is === 'most' ? '≤' : '≥'} ${amount(budget.limit, unit)}`,
      { true: 'yes', false: 'NO', undefined: '' }[String(isMet(measurement))]!,
      floor === undefined ? '' : `${amount(floor.value, unit)}: ${floor.what}`,
      ratio === undefined ? '' : ratio.toFixed(1),
    ])
  }
  return `${table.toString()}\n`
}

function losses({ lost, doubled }: Measurement): string {
  return lost === undefined && doubled === undefined ? '' : `\n${lost ?? 0} lost, ${doubled ?? 0} doubled`
}

function amount(value: number, unit: Unit): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return `${value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`
}
