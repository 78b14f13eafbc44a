import type { Status } from '../api/schemas.ts'
import { runningLab } from './client.ts'
import { paint, print, printJson, printTable, timeText } from './print.ts'

/** `ftdlab status`: hosts, processes, clock and what became of the events. */
export async function status(options: { readonly json?: boolean }): Promise<number> {
  const { call, record } = await runningLab()
  const lab = await call<Status>('GET', '/api/status')
  if (options.json === true) {
    printJson(lab)
    return 0
  }
  print(lab.healthy ? paint.green('healthy') : paint.red(`not healthy: ${lab.waitingFor.join('; ')}`))
  const events = new Map(lab.events.map((count) => [count.device, count]))
  printTable(
    ['host', 'kind', 'address', 'health', 'processes', 'events'],
    lab.hosts.map((host) => {
      const running = host.processes.filter(({ state }) => state === 'Running').length
      const count = events.get(host.name)
      return [
        host.name,
        host.kind,
        host.address,
        host.healthy ? 'healthy' : paint.red('not healthy'),
        host.processes.length === 0 ? '' : `${running} of ${host.processes.length} running`,
        count === undefined ? '' : `${count.stored} in the cloud, ${count.waiting} waiting, ${count.lost} lost`,
      ]
    }),
  )
  const { now, speed, paused } = lab.clock
  print(
    `lab time ${timeText(now)} UTC, ${paused ? 'paused' : `${speed} lab seconds a second`}; ${lab.faults === 0 ? 'no faults' : `${lab.faults} active (ftdlab fault ls)`}; ${record.url}`,
  )
  return 0
}
