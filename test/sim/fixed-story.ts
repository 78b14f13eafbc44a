import { startLab } from '../../services/lab/testing/index.ts'

/** Plays the same story in a lab of its own and gives the lab's trace hash: two devices, a fault, 20 minutes of lab time, the cure. */
export async function traceOfStory(seed: number): Promise<string> {
  await using lab = await startLab({ ftds: 2, seed, traffic: () => [{ type: 'intrusion', ratePerSecond: 0.2 }] })
  const { id } = await lab.inject({ kind: 'device.dns', host: 'ftd1', servers: ['192.0.2.10'] })
  await lab.exec('ftd1', 'cd /tmp; curl -s -k https://api-sse.cisco.com > page; echo $?')
  await lab.exec('ftd1', 'pmtool restartbyid SSEConnector')
  await lab.pass(20 * 60_000)
  await lab.cure(id)
  await lab.until({ see: 'alert', host: 'ftd1', is: 'green', within: '10m' })
  return `${new Date(lab.now()).toISOString()} ${lab.traceHash!()}`
}

if (import.meta.main) process.stdout.write(await traceOfStory(Number(process.argv[2])))
