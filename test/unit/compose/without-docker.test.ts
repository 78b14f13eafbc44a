import { afterEach, expect, test, vi } from 'vitest'
import { verify } from '../../../services/lab/scenarios.ts'

afterEach(() => vi.unstubAllEnvs())

test('scenarios cannot be proved in containers where there is no docker command, which is said once', async () => {
  vi.stubEnv('PATH', '/nowhere')
  const reported: string[] = []
  const proof = verify(['dns-no-server', 'dns-wrong-server'], { in: 'compose', labs: 2, onReport: ({ id }) => void reported.push(id) })
  await expect(proof).rejects.toMatchObject({ code: 'LAB_NOT_RUNNING', message: expect.stringContaining('there is no docker command') })
  expect(reported).toEqual([])
})
