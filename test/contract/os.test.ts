import { clockContract } from './clock.ts'
import { filesContract } from './files.ts'
import { ipcContract } from './ipc.ts'
import { logContract } from './log.ts'
import { netContract } from './net.ts'
import { loopbackHosts, mappedHosts } from './os-hosts.ts'
import { ownershipContract, processesContract } from './processes.ts'
import { randomContract } from './random.ts'

const NAME = 'os World'
const MAPPED = 'os World through an address map'

clockContract(NAME, loopbackHosts)
clockContract(`${NAME} at 20 times the speed`, () => loopbackHosts({ speed: 20 }))
randomContract(NAME, loopbackHosts)
netContract(NAME, loopbackHosts)
netContract(MAPPED, mappedHosts)
ipcContract(NAME, loopbackHosts)
filesContract(NAME, loopbackHosts)
processesContract(NAME, loopbackHosts)
ownershipContract(NAME, loopbackHosts)
ownershipContract(MAPPED, mappedHosts)
logContract(NAME, async () => {
  const written: string[] = []
  const hosts = await loopbackHosts({ log: { write: (line) => void written.push(line) } })
  const lines = () =>
    written.map((line) => {
      const { level, msg, ...fields } = JSON.parse(line) as { level: string; msg: string }
      return { level, event: msg, fields }
    })
  return { hosts, lines }
})
