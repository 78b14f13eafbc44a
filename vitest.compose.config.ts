import { defineConfig } from 'vitest/config'

// Tests of the real containers: they need a Docker engine, and one lab has the documentation addresses to itself at a time.
export default defineConfig({
  test: {
    include: ['test/compose/**/*.test.ts'],
    fileParallelism: false,
    // A real kernel on a machine that is busy with something else: an unanswered SYN alone takes seconds.
    testTimeout: 120_000,
    hookTimeout: 900_000,
    pool: 'forks',
  },
})
