import { relative } from 'node:path'
import { REGIONS } from '../../../shared/contract/region.ts'
import { OPERATOR } from '../../../shared/contract/topology.ts'
import type { Summary } from './running-lab.ts'
import { paint, print, printTable } from './print.ts'

/** Longer tables are no help. */
const MOST_FTDS_SHOWN = 10

/** Says that the lab is up, where everything is, and how to break the first thing. */
export function welcome(summary: Summary): void {
  const { record, hosts, speed } = summary
  const { doors } = record
  const login = `${OPERATOR.user} / ${OPERATOR.password}`
  const proxy = `http://127.0.0.1:${doors.connect}`
  print(paint.green(`healthy after ${(summary.healthyAfterMs / 1_000).toFixed(1)} s`))
  print()
  const ftds = hosts.filter(({ kind }) => kind === 'ftd')
  const shown = hosts.filter((host) => host.kind !== 'ftd' || ftds.indexOf(host) < MOST_FTDS_SHOWN)
  printTable(
    ['host', 'kind', 'address', 'how to reach it'],
    shown.map(({ name, kind, address }) => {
      const ways: Readonly<Record<string, string>> = {
        ftd: `npx ftdlab ssh ${name}    ssh -p ${doors.ssh[name]} ${OPERATOR.user}@127.0.0.1    (${login})`,
        fmc: `https://127.0.0.1:${doors.fmc}    npx ftdlab ssh ${name}    (${login})`,
        cloud: `curl --cacert ${near(summary.caFile)} --proxy ${proxy} https://${REGIONS.us.api}/`,
      }
      return [name, kind, address, ways[kind] ?? '']
    }),
  )
  if (ftds.length > MOST_FTDS_SHOWN)
    print(`… and ${ftds.length - MOST_FTDS_SHOWN} more FTDs, up to ${ftds.at(-1)!.name} at ${ftds.at(-1)!.address}`)
  print()
  print(`console        ${record.url}    its API is described at ${record.url}/api/docs`)
  print(`CONNECT door   ${proxy}    to every lab host by its real name; CA certificates in ${near(summary.caFile)}`)
  print(`lab time       ${speed} lab seconds a second${summary.project === undefined ? '; change it with npx ftdlab clock' : ''}`)
  if (summary.project === undefined) print(`files, log     ${near(summary.folder)}/hosts, ${near(summary.logFile)}`)
  else print(`containers     docker exec -it ${summary.project}-ftd1-1 bash    and so on for every host`)
  print()
  print('break the first thing:')
  print(`  npx ftdlab fault add device.dns host=${ftds[0]!.name} servers=192.0.2.10`)
  print(`  npx ftdlab exec ${ftds[0]!.name} 'curl -v -k https://${REGIONS.us.api}'`)
}

/** A path as one would type it here. */
function near(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}
