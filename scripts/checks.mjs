/**
 * The static checks: each is one tool that reads the tree and never writes.
 * `npm test` runs them as a suite, `npm run verify` with more around them.
 */
import { run, tool } from './run.mjs';

const TIMEOUT_MS = 5 * 60_000;

/** In this order: the quick ones and those that explain the others come first. */
export const CHECKS = [
  {
    name: 'format',
    about: 'Biome: npm run fix repairs it',
    command: 'biome',
    args: ['format', '.'],
  },
  {
    name: 'types of the core',
    about: 'no Node, no DOM, no clock',
    command: 'tsc',
    args: ['-p', 'tsconfig.core.json'],
  },
  {
    name: 'types of the server',
    about: 'server, simulation, benchmark, tests',
    command: 'tsc',
    args: ['-p', 'server/tsconfig.json'],
  },
  {
    name: 'types of the page',
    about: 'app, components, client',
    command: 'tsc',
    args: ['-p', 'tsconfig.json', '--incremental', 'false'],
  },
  {
    name: 'types of the page’s tests',
    about: 'tests/e2e',
    command: 'tsc',
    args: ['-p', 'tests/e2e/tsconfig.json'],
  },
  {
    name: 'lint',
    about: 'oxlint with types',
    command: 'oxlint',
    args: ['--type-aware', '--deny-warnings'],
  },
  {
    name: 'imports',
    about: 'who may import whom',
    command: process.execPath,
    args: ['scripts/check-imports.mjs'],
  },
  {
    name: 'dead code',
    about: 'knip: files, exports, packages',
    command: 'knip',
    args: ['--no-progress'],
  },
];

/** Runs every check; `onResult` hears of each as it ends. */
export async function runChecks(onResult) {
  const results = [];
  for (const { name, about, command, args } of CHECKS) {
    const startedAt = Date.now();
    const program = command === process.execPath ? command : tool(command);
    const { code, output } = await run(program, args, { quiet: true, timeoutMs: TIMEOUT_MS });
    const result = { name, about, passed: code === 0, output, tookMs: Date.now() - startedAt };
    results.push(result);
    onResult(result);
  }
  return results;
}
