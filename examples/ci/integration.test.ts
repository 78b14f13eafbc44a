import { startLab } from 'ftdlab/testing'
import { expect, test } from 'vitest'

// What your integration would do with the answers. Replace it with your own code.
const isFailing = (curlExitCode: number) => curlExitCode !== 0

test('we notice that a firewall lost the cloud, and that it is back', async () => {
  await using lab = await startLab({ ftds: 1 })
  const probe = async () => isFailing((await lab.exec('ftd1', 'curl -s -k https://api-sse.cisco.com')).exitCode)

  const fault = await lab.inject({ kind: 'net.drop', to: 'api-sse.cisco.com' })
  await lab.until({ see: 'alert', host: 'ftd1', module: 'cloud-configuration', is: 'red', within: '15m' })
  expect(await probe()).toBe(true)

  await lab.cure(fault.id)
  await lab.until({ see: 'alert', host: 'ftd1', module: 'cloud-configuration', is: 'green', within: '15m' })
  expect(await probe()).toBe(false)
})
