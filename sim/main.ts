/**
 * `npm run sim -- --seed N [--faults I,J]` repeats one run exactly, or with
 * these faults of its schedule alone; `-- --seeds N [--from S]`
 * runs many. Ends with 1 and the line that repeats it when a run breaks a rule,
 * and when the runs together did not really put the cluster to the test.
 * `--seed N --history FILE` also writes down what clients asked and were told,
 * good or bad; `--check FILE` judges such a file by search alone: ends with 0
 * when it is linearizable, 1 when not or undecided, 2 when there is nothing to judge.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Operation } from './history.ts';
import { readHistory, writeHistory } from './history-file.ts';
import { checkLinearizability } from './linearizability.ts';
import type { Pace } from './sweep.ts';
import { repeatable, sweep, weaknesses } from './sweep.ts';

const TEXT = { type: 'string' } as const;
const OPTIONS = { seed: TEXT, seeds: TEXT, from: TEXT, faults: TEXT, history: TEXT, check: TEXT };

const values = valuesOf(process.argv.slice(2));

function valuesOf(args: string[]): { readonly [name in keyof typeof OPTIONS]?: string } {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  return refuse(`${text} is not a whole number`);
}

/** "3,7" or "none"; nothing for all. */
function faultsOf(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  return text === 'none' ? [] : text.split(',').map((part) => wholeNumber(part, 0));
}

function refuse(why: string): never {
  process.stderr.write(`sim: ${why}\n`);
  process.exit(2);
}

function runOne(seed: number, historyFile: string | undefined): number {
  const keep = (history: readonly Operation[]): void => {
    if (historyFile !== undefined) writeText(historyFile, writeHistory(history));
  };
  // A file that cannot be written is better known before the run.
  keep([]);
  const only = faultsOf(values.faults);
  const { faults, ...rest } = repeatable(seed, only, ({ history }) => keep(history));
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
      `writes: ${totals.acknowledged} acknowledged, ${totals.unknown} unknown, ${totals.failed} failed; reads: ${totals.reads}; changes told to watchers: ${totals.told}\n` +
      `logs compacted ${totals.compactions} times, ${totals.snapshots} snapshots installed, configurations changed ${totals.confChanges} times, hand-overs ${totals.handOvers}\n` +
      `messages lost: ${totals.messagesLost}; disk writes lost in crashes: ${totals.writesLost}; nodes replaced: ${totals.replaced}; repeats that came too late: ${totals.lateRepeats}\n` +
      `judged by search: ${totals.searched} operations in ${totals.parts} cells\n` +
      `faults: ${[...faults].map(([kind, fired]) => `${kind} ${fired}`).join(', ')}\n`,
  );
  const weak = weaknesses(swept);
  if (weak.length > 0) process.stdout.write(`not a real test: ${weak.join('; ')}\n`);
  return weak.length > 0 ? 1 : 0;
}

/** On one core; the load is that of the runs' 2 to 5 clients, who rest 1 to 31 ms after each operation. */
function paceOf({ virtualMs, realMs, processorMs, operations, paces }: Pace): string {
  const median = [...paces].sort((a, b) => a - b)[Math.floor(paces.length / 2)] ?? 0;
  return (
    `of three nodes: ${Math.round(virtualMs / 1000)} simulated seconds in ${(realMs / 1000).toFixed(1)} s: ${Math.round(virtualMs / realMs)} a second, ` +
    `${Math.round(virtualMs / processorMs)} a second of processor time; the median run ${Math.round(median)} a second\n` +
    `load: ${Math.round((1000 * operations) / virtualMs)} client operations a simulated second, faults, and all rules after every step`
  );
}

function judgeFile(file: string): number {
  const read = readHistory(textOf(file));
  if (!read.ok) return refuse(`${file}, ${read.error}`);
  const { judged, parts, complaints } = checkLinearizability(read.value);
  if (judged === 0) return refuse(`${file} has no answer that could be judged`);
  process.stdout.write(
    `${complaints.map((complaint) => `${complaint}\n\n`).join('')}` +
      `${judged} of ${read.value.length} operations judged in ${parts} cells: ` +
      `${complaints.length === 0 ? 'linearizable' : 'not found to be linearizable'}\n`,
  );
  return complaints.length === 0 ? 0 : 1;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    refuse((error as Error).message);
  }
}

function run(): number {
  if (values.check !== undefined) return judgeFile(values.check);
  if (values.seed !== undefined) return runOne(wholeNumber(values.seed, 1), values.history);
  if (values.history !== undefined) return refuse('--history goes with --seed');
  return runMany(wholeNumber(values.from, 1), wholeNumber(values.seeds, 200));
}

try {
  process.exitCode = run();
} catch (error) {
  const { message, cause } = error as Error;
  process.stdout.write(`${cause instanceof Error ? cause.stack : String(cause)}\n\n${message}\n`);
  process.exitCode = 1;
}
