/**
 * `npm run sim -- --seed N` repeats one run exactly; `-- --seeds N [--from S]`
 * runs many. Ends with 1 and the line that repeats it when a run breaks a rule,
 * and when the runs together did not really put the cluster to the test.
 */
import { parseArgs } from 'node:util';
import { repeatable, sweep } from './sweep.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, seeds: { type: 'string' }, from: { type: 'string' } },
});

function wholeNumber(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  process.stderr.write(`sim: ${text} is not a whole number\n`);
  process.exit(2);
}

function runOne(seed: number): number {
  const { faults, ...rest } = repeatable(seed);
  process.stdout.write(
    `${JSON.stringify({ ...rest, faults: Object.fromEntries(faults) }, null, 2)}\n`,
  );
  return 0;
}

function runMany(from: number, count: number): number {
  const startedMs = performance.now();
  const { totals, faults } = sweep(from, count);
  const realMs = performance.now() - startedMs;
  process.stdout.write(
    `${count} seeds from ${from}: no rule broken\n` +
      `${Math.round(totals.virtualMs / 1000)} simulated seconds in ${(realMs / 1000).toFixed(1)} s: ${Math.round(totals.virtualMs / realMs)} a second\n` +
      `${totals.steps} steps, ${totals.checks} checks, ${totals.leaderChanges} leaders elected\n` +
      `writes: ${totals.acknowledged} acknowledged, ${totals.unknown} unknown, ${totals.failed} failed; reads: ${totals.reads}\n` +
      `messages lost: ${totals.messagesLost}; disk writes lost in crashes: ${totals.writesLost}\n` +
      `judged by search: ${totals.searched} operations in ${totals.parts} cells\n` +
      `faults: ${[...faults].map(([kind, fired]) => `${kind} ${fired}`).join(', ')}\n`,
  );
  const idle = [...faults].filter(([, fired]) => fired === 0).map(([kind]) => kind);
  if (count >= 50 && (idle.length > 0 || totals.leaderChanges < count || totals.unknown === 0)) {
    process.stdout.write(
      `not a real test: ${idle.join(', ') || 'too few elections or open outcomes'}\n`,
    );
    return 1;
  }
  return 0;
}

try {
  process.exitCode =
    values.seed === undefined
      ? runMany(wholeNumber(values.from, 1), wholeNumber(values.seeds, 200))
      : runOne(wholeNumber(values.seed, 1));
} catch (error) {
  const { message, cause } = error as Error;
  process.stdout.write(`${cause instanceof Error ? cause.stack : String(cause)}\n\n${message}\n`);
  process.exitCode = 1;
}
