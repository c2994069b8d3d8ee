/**
 * The program behind `npm run crash-states`: records one workload, opens what
 * crashes may leave of it, and tells. Ends with 0 when every state may be found,
 * 1 when one may not, 3 when nothing can be recorded here.
 */
import { availableParallelism, tmpdir } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { explore } from './explore.ts';
import type { Exploration } from './explore.ts';
import { OpenerPool } from './opener-pool.ts';
import { record, whyNotRecorded } from './recording.ts';
import { makeWorkload } from './workload.ts';

const TEXT = { type: 'string' } as const;
const OPTIONS = {
  seed: TEXT,
  states: TEXT,
  rounds: TEXT,
  writer: TEXT,
  threads: TEXT,
  'stop-at-first': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

const { values } = parseArgs({ options: OPTIONS });
const seed = Number(values.seed);
const rounds = Number(values.rounds);
const states = Number(values.states);
const NOT_HERE = 3;
/** Unless told otherwise: each has a core. */
const MOST_THREADS = 8;
const usualThreads = Math.min(MOST_THREADS, availableParallelism());
const threads = Number(values.threads ?? usualThreads);

interface Report extends Exploration {
  readonly seed: number;
  readonly events: number;
  /** Events by their type. */
  readonly asked: Readonly<Record<string, number>>;
  readonly recordMs: number;
  readonly exploreMs: number;
}

async function run(folder: string, memory: string): Promise<Report> {
  const workload = makeWorkload(seed, rounds);
  const migrationsDir = path.resolve('prisma/migrations');
  const startedMs = performance.now();
  const { steps } = workload;
  const events = await record({
    seed,
    rounds,
    steps,
    migrationsDir,
    writer: path.resolve(values.writer ?? ''),
    folder: path.join(folder, 'recorded'),
  });
  const recordMs = performance.now() - startedMs;
  const program = new URL('./opener-thread.js', import.meta.url);
  const data = { folder: memory, migrationsDir, seed, rounds };
  const pool = new OpenerPool(program, data, threads);
  try {
    const exploration = await explore({
      events,
      workload,
      extent: { seed, states },
      atOnce: 4 * threads,
      open: (request) => pool.open(request),
      stopAtFirst: values['stop-at-first'] ?? false,
    });
    const exploreMs = performance.now() - startedMs - recordMs;
    const asked: Record<string, number> = {};
    for (const { type } of events) asked[type] = (asked[type] ?? 0) + 1;
    return { seed, events: events.length, asked, recordMs, exploreMs, ...exploration };
  } finally {
    await pool.close();
  }
}

function told({ asked, kinds, complaints, ...report }: Report): string {
  const lines = [
    `seed ${seed}: ${report.events} events recorded in ${seconds(report.recordMs)}: ${counts(asked)}`,
    `${report.states} crash states, ${report.distinct} of them different, opened in ${seconds(report.exploreMs)}`,
    counts(kinds),
    ...complaints.map(
      ({ state, kind, crash, complaint }) => `state ${state} (${kind}), ${crash}:\n  ${complaint}`,
    ),
    report.bad === 0
      ? 'no state that may not be found'
      : `${report.bad} states that may not be found`,
  ];
  return `${lines.join('\n')}\n`;
}

function newFolder(parent: string): string {
  return mkdtempSync(path.join(parent, 'chronoraft-crash-'));
}

/** States are opened in memory where that can be: they need not outlive the program. */
function memoryFolder(): string {
  try {
    return newFolder('/dev/shm');
  } catch {
    return newFolder(tmpdir());
  }
}

function counts(of: Readonly<Record<string, number>>): string {
  return Object.entries(of)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

const why = await whyNotRecorded();
if (why === null) {
  const [folder, memory] = [newFolder(tmpdir()), memoryFolder()];
  try {
    const report = await run(folder, memory);
    process.stdout.write(values.json === true ? `${JSON.stringify(report)}\n` : told(report));
    process.exitCode = report.bad === 0 ? 0 : 1;
  } finally {
    for (const each of [folder, memory]) rmSync(each, { recursive: true, force: true });
  }
} else {
  process.stderr.write(`crash states cannot be recorded: ${why}\n`);
  process.exitCode = NOT_HERE;
}
