import { engineMissing } from '../support/engine.ts'

const missing = engineMissing()
if (missing !== undefined && process.env.FTDLAB_REQUIRE_DOCKER === '1') throw new Error(`FTDLAB_REQUIRE_DOCKER=1, but ${missing}`)
if (missing !== undefined) process.stdout.write(`the tests of the containers are left out, for ${missing}\n`)

/** Whether there is an engine to test with. With `FTDLAB_REQUIRE_DOCKER=1` a machine without one fails here. */
export const withEngine = missing === undefined
