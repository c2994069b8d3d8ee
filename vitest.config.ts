/**
 * The suites of `npm test` that need no browser. A folder that nobody names is
 * `unit`, so that no test file is ever left out.
 */
import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const MINUTE_MS = 60_000;

/** Suites that are slower, or that touch real threads and files, and where their tests are. */
const NAMED = {
  storage: ['tests/storage/**/*.test.ts'],
  integration: [
    'tests/bench/**/*.test.ts',
    'tests/cli/server/**/*.test.ts',
    'tests/cluster/**/*.test.ts',
    'tests/embed/**/*.test.ts',
    'tests/http/**/*.test.ts',
    'tests/lessons/**/*.test.ts',
    'tests/live/**/*.test.ts',
    'tests/processes/**/*.test.ts',
  ],
  simulation: ['tests/sim/**/*.test.ts'],
};

const LIMITS_MS = { unit: 60_000, storage: 60_000, integration: 60_000, simulation: 5 * MINUTE_MS };

const GLOBAL_SETUP = 'tests/global-setup.ts';

function project(name: keyof typeof LIMITS_MS, include: string[], exclude: string[]) {
  return {
    extends: true as const,
    test: {
      name,
      include,
      exclude: ['node_modules/**', 'tests/e2e/**', ...exclude],
      testTimeout: LIMITS_MS[name],
      hookTimeout: LIMITS_MS[name],
    },
  };
}

export default defineConfig({
  // As the build has it.
  define: { BUILT_FROM: 'null' },
  test: {
    environment: 'node',
    // The smallest machine that we promise to run on has two cores.
    maxWorkers: 2,
    globalSetup: existsSync(GLOBAL_SETUP) ? [GLOBAL_SETUP] : [],
    // What is waited for may take as long as its test: the usual second is none on a busy machine.
    expect: { poll: { timeout: MINUTE_MS } },
    projects: [
      project('unit', ['tests/**/*.test.{ts,tsx}'], Object.values(NAMED).flat()),
      project('storage', NAMED.storage, []),
      project('integration', NAMED.integration, []),
      project('simulation', NAMED.simulation, []),
    ],
  },
});
