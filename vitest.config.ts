import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'shared/**/*.test.ts', 'services/**/*.test.ts'],
    exclude: ['test/compose/**', 'node_modules/**'],
    // Virtual time needs little real time; the limit is for a machine that is busy with something else.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
