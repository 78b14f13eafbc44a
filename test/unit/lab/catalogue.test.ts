import { join } from 'node:path'
import { expect, test } from 'vitest'
import { catalogueMarkdown } from '../../../services/lab/catalogue.ts'
import { loadScenarios } from '../../../services/lab/scenarios.ts'

test('the catalogue beside the scenarios is what they say (vitest -u writes it anew)', async () => {
  await expect(catalogueMarkdown(await loadScenarios())).toMatchFileSnapshot(join(import.meta.dirname, '../../../scenarios/README.md'))
})
