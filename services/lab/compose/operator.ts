import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { LabError } from '../../../shared/kernel/errors.ts'
import type { HostInfo, LabRequest, LabResponse } from '../../../shared/scenario/lab.ts'
import type { Answered, Asked } from '../containers/operator-requests.ts'
import type { OperatorClient } from '../operator.ts'

type Settle = { readonly resolve: (response: LabResponse) => void; readonly reject: (error: Error) => void }

/**
 * The operator's HTTP client as a process in the operator's container, which stands on both networks; requests and answers go over its standard streams. When
 * it ends, what was asked is rejected with LAB_STATE_BROKEN and its last words.
 */
export function containerOperator(container: string): OperatorClient {
  const program = spawn('docker', ['exec', '--interactive', container, 'node', 'services/lab/containers/operator-requests.cjs'], {
    stdio: 'pipe',
  })
  const waiting = new Map<number, Settle>()
  let asked = 0
  let lastWords = ''
  let ended = false
  const end = (why: string): void => {
    ended = true
    for (const { reject } of waiting.values())
      reject(new LabError('LAB_STATE_BROKEN', `the operator's process in ${container} ended: ${why}`))
    waiting.clear()
  }
  program.stderr.on('data', (data: Buffer) => (lastWords = `${lastWords}${data.toString()}`.slice(-500)))
  program.stdin.on('error', () => {}) // Its end is told below.
  program.once('error', (error) => end(error.message))
  program.once('close', (code) => end(lastWords.trim() || `exit code ${code}`))
  createInterface({ input: program.stdout }).on('line', (line) => {
    const answered = JSON.parse(line) as Answered
    const settle = waiting.get(answered.id)
    waiting.delete(answered.id)
    if ('response' in answered) settle?.resolve(answered.response)
    else settle?.reject(Object.assign(new Error(answered.error.message), answered.error))
  })
  return {
    request: (host: HostInfo, request: LabRequest) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(new LabError('LAB_STATE_BROKEN', `the operator's process in ${container} has ended: ${lastWords.trim()}`))
        const line: Asked = { id: ++asked, host, request }
        waiting.set(line.id, { resolve, reject })
        program.stdin.write(`${JSON.stringify(line)}\n`)
      }),
    async [Symbol.asyncDispose]() {
      if (ended) return
      const closed = once(program, 'close')
      program.stdin.end()
      await closed
    },
  }
}
