/**
 * `npm run sim -- --seed N` repeats one run exactly; `-- --seeds N [--from S]`
 * runs many. Ends with 1 and the line that repeats it when a run breaks a rule,
 * and when the runs together did not really put the cluster to the test.
 */
import { parseArgs } from 'node:util';
import type { Pace } from './sweep.ts';
import { repeatable, sweep, weaknesses } from './sweep.ts';

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
  const swept = sweep(from, count);
  const { totals, threeNodes, faults } = swept;
  const realMs = performance.now() - startedMs;
  process.stdout.write(
    `${count} seeds from ${from}: no rule broken\n` +
      `${Math.round(totals.virtualMs / 1000)} simulated seconds in ${(realMs / 1000).toFixed(1)} s: ${Math.round(totals.virtualMs / realMs)} a second\n` +
      `${paceOf(threeNodes)}\n` +
      `${totals.steps} steps, ${totals.checks} checks, ${totals.leaderChanges} leaders elected\n` +
      `writes: ${totals.acknowledged} acknowledged, ${totals.unknown} unknown, ${totals.failed} failed; reads: ${totals.reads}\n` +
      `messages lost: ${totals.messagesLost}; disk writes lost in crashes: ${totals.writesLost}\n` +
      `faults: ${[...faults].map(([kind, fired]) => `${kind} ${fired}`).join(', ')}\n`,
  );
  const weak = weaknesses(swept);
  if (weak.length > 0) process.stdout.write(`not a real test: ${weak.join('; ')}\n`);
  return weak.length > 0 ? 1 : 0;
}

/** On one core; the load is that of the runs' 2 to 5 clients, who rest 1 to 31 ms after each operation. */
function paceOf({ virtualMs, realMs, processorMs, operations }: Pace): string {
  return (
    `of three nodes: ${Math.round(virtualMs / 1000)} simulated seconds in ${(realMs / 1000).toFixed(1)} s: ${Math.round(virtualMs / realMs)} a second, ` +
    `${Math.round(virtualMs / processorMs)} a second of processor time\n` +
    `load: ${Math.round((1000 * operations) / virtualMs)} client operations a simulated second, faults, and all rules after every step`
  );
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
