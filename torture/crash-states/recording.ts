/**
 * Records a workload: its processes run one after the other under strace, on
 * real files. In the end the model of the disk must explain these files byte for
 * byte; if it does not, something was not seen, and nothing is judged by it.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DiskEvents, RECORDED_CALLS } from './disk-events.ts';
import type { DiskEvent } from './disk-events.ts';
import { Disk } from './disk.ts';
import { parseTrace, TraceError } from './trace.ts';
import type { Step } from './workload.ts';

export interface RecordingOptions {
  /** The program that writes, built. */
  readonly writer: string;
  readonly seed: number;
  readonly rounds: number;
  readonly steps: readonly Step[];
  readonly migrationsDir: string;
  /** For the files and the traces; made anew, and removed in the end. */
  readonly folder: string;
}

/** For one process, ms: a machine that is slow is waited for. */
const TIMEOUT_MS = 120_000;
/** No write of the store is longer, bytes; strace would cut it, and that is noticed. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Why nothing can be recorded here; null when it can. */
export async function whyNotRecorded(): Promise<string | null> {
  const { code, output } = await run('strace', ['-f', '-o', '/dev/null', process.execPath, '-v']);
  if (code === 0) return null;
  if (code === null) return `strace does not run here (${output.trim()})`;
  return `strace may not look at processes here (${output.trim().split('\n').at(-1)})`;
}

/** Throws {@link TraceError}, and an Error with the writer's words when it fails. */
export async function record(options: RecordingOptions): Promise<readonly DiskEvent[]> {
  const { writer, seed, rounds, steps, migrationsDir } = options;
  rmSync(options.folder, { recursive: true, force: true });
  mkdirSync(path.join(options.folder, 'files'), { recursive: true });
  const root = realpathSync(options.folder);
  const folder = path.join(root, 'files');
  const marks = path.join(root, 'marks');
  const events = new DiskEvents({ folder, marks });
  try {
    for (const { from, ends, killAtSync } of processesOf(steps)) {
      const trace = path.join(root, `trace-${from}`);
      const program = [writer, String(seed), String(rounds), String(from)];
      const args = [...program, folder, marks, migrationsDir];
      const { code, signal, output, timedOut } = await traced(trace, args, killAtSync);
      const failed = new Error(`the writer ended with ${code ?? signal}: ${output.trim()}`);
      if (timedOut || !existsSync(trace)) throw failed;
      const calls = parseTrace(readFileSync(trace, 'latin1'));
      const syncs = calls.filter(({ name }) => name === 'fsync' || name === 'fdatasync').length;
      // A store that was made to synchronise less is not stopped by a sync.
      const isKill = ends === 'killed' && syncs >= (killAtSync ?? 0);
      if (isKill ? signal !== 'SIGKILL' : code !== 0) throw failed;
      events.addProcess(calls);
      explain(events.events, folder);
    }
    return events.events;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Runs a program of Node, whose calls go to the file `trace`; kills it before its sync of that number. */
export function traced(
  trace: string,
  args: readonly string[],
  killAtSync: number | null = null,
): Promise<Ended> {
  // A machine may lack some of these calls.
  const calls = RECORDED_CALLS.map((call) => `?${call}`).join(',');
  const whole = ['-f', '-xx', '-s', String(MOST_BYTES)];
  const options = [...whole, '-e', `trace=${calls}`, '-e', 'signal=none', '-o', trace];
  // The faster way of strace sends no signals.
  if (killAtSync === null) options.push('--seccomp-bpf');
  else options.push('-e', `inject=fsync,fdatasync:signal=SIGKILL:when=${killAtSync}`);
  return run('strace', [...options, process.execPath, ...args]);
}

interface Process {
  /** The step with which it begins. */
  readonly from: number;
  readonly ends: 'killed' | 'well';
  readonly killAtSync: number | null;
}

/** One for each run of steps, and one that only looks. */
function processesOf(steps: readonly Step[]): readonly Process[] {
  const starts = steps.flatMap((step, at) =>
    step.type === 'kill' || step.type === 'stumble' ? [{ step, from: at + 1 }] : [],
  );
  return [{ step: null, from: 0 }, ...starts, { step: null, from: steps.length }].map(
    ({ step, from }, at) => {
      const killAtSync = step?.type === 'stumble' ? step.atSync : null;
      const isKill = killAtSync !== null || starts[at]?.step.type === 'kill';
      return { from, ends: isKill ? 'killed' : 'well', killAtSync };
    },
  );
}

/** Throws {@link TraceError} unless these events made the files that are there. */
export function explain(events: readonly DiskEvent[], folder: string): void {
  const disk = new Disk();
  for (const event of events) disk.handle(event);
  const files = disk.files(disk.pending.map(() => 'kept'));
  const names = readdirSync(folder)
    .filter((name) => !name.endsWith('-shm'))
    .sort();
  if (names.join() !== [...files.keys()].join())
    throw new TraceError(`there is ${names.join()}, and the trace has ${[...files.keys()].join()}`);
  for (const [name, bytes] of files)
    if (!readFileSync(path.join(folder, name)).equals(bytes))
      throw new TraceError(`the trace does not explain what is in ${name}`);
}

interface Ended {
  /** Null when it was ended by a signal, or could not be started. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly timedOut: boolean;
}

function run(command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    // A group of its own: who ends strace alone leaves what it looked at running.
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    let timedOut = false;
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const timer = setTimeout(() => {
      timedOut = true;
      output += `no end after ${TIMEOUT_MS} ms`;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, TIMEOUT_MS);
    const end = (ended: Pick<Ended, 'code' | 'signal'>): void => {
      clearTimeout(timer);
      resolve({ ...ended, output, timedOut });
    };
    child.on('error', ({ message }) => {
      output += message;
      end({ code: null, signal: null });
    });
    child.on('close', (code, signal) => end({ code, signal }));
  });
}
