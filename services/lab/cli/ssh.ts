import { OPERATOR } from '../../../shared/contract/topology.ts'
import { LabError, oneOf } from '../../../shared/kernel/errors.ts'
import { sshTerminal } from '../ssh/client.ts'
import { runningLab } from './client.ts'

/** `ftdlab ssh`: a terminal on a device; exits as its shell exits. */
export async function ssh(host: string): Promise<number> {
  const { record } = await runningLab()
  const port = Object.hasOwn(record.doors.ssh, host) ? record.doors.ssh[host] : undefined
  if (port === undefined)
    throw new LabError('LAB_NO_SUCH_HOST', `there is no terminal on ${host}; hosts with one are ${oneOf(Object.keys(record.doors.ssh))}`)
  return sshTerminal({ port, user: OPERATOR.user, password: OPERATOR.password })
}
