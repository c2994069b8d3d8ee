/**
 * Chaos runs: one at a time, and those that were. Each leaves two files in the
 * data folder, what came of it and its history; the oldest go when there are too
 * many. A run whose server stopped in the middle is told of as interrupted.
 */
import { randomInt } from 'node:crypto';
import {
  createReadStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  existsSync,
} from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import type * as z from 'zod';
import { CHAOS_LIMITS, ChaosRun as ChaosRunView } from '../../contracts/chaos.ts';
import type {
  ChaosBody,
  ChaosSchedule,
  ChaosSettings,
  ChaosSummary,
} from '../../contracts/chaos.ts';
import { Random } from '../base/random.ts';
import { ChaosRun } from './chaos-run.ts';
import type { RunParts } from './chaos-run.ts';
import { drawSchedule, planOf } from './schedule.ts';

/** Another run is under way. */
export class ChaosRunning extends Error {
  override readonly name = 'ChaosRunning';
}

/** Nobody leads: what a run would be measured against is not there. */
export class NobodyLeads extends Error {
  override readonly name = 'NobodyLeads';
}

export class ChaosRuns {
  private readonly parts: RunParts;
  private readonly onBroken: (error: unknown) => void;
  /** Oldest first; those that are over. */
  private over: ChaosRunView[];
  private running: { readonly run: ChaosRun; readonly ended: Promise<void> } | null = null;

  /** `folder` is made if need be. */
  constructor(parts: RunParts, onBroken: (error: unknown) => void) {
    this.parts = parts;
    this.onBroken = onBroken;
    mkdirSync(parts.folder, { recursive: true });
    this.over = readRuns(parts.folder);
    this.forgetOldest();
  }

  /** What such a run would do to the cluster as it is made up now. */
  plan(body: z.output<typeof ChaosBody>): ChaosSchedule {
    const settings = settingsOf(body);
    const { voters } = this.parts.fold.members();
    const strikes = drawSchedule(settings, voters, Random.fromSeed(settings.seed).fork());
    return { settings, nodes: voters, schedule: strikes.map(planOf) };
  }

  /** Throws {@link ChaosRunning} or {@link NobodyLeads}. */
  start(body: z.output<typeof ChaosBody>): ChaosRunView {
    if (this.running !== null)
      throw new ChaosRunning(
        `run ${this.running.run.id} is under way; stop it, or wait for its end`,
      );
    if (this.parts.leaders.leader === null)
      throw new NobodyLeads('nobody leads: a run begins with a cluster that works');
    const id = this.newId();
    const run = new ChaosRun(id, settingsOf(body), this.parts.fold.members().voters, this.parts);
    this.write(run.view());
    const ended = run
      .run()
      .catch(this.onBroken)
      .then(() => this.hasEnded(run));
    this.running = { run, ended };
    return run.view();
  }

  /** Newest first. */
  list(): readonly ChaosSummary[] {
    const all = this.running === null ? this.over : [...this.over, this.running.run.view()];
    return all
      .toReversed()
      .map(
        ({ schedule: _s, seconds: _t, keys: _k, checks: _c, invariants: _i, ...summary }) =>
          summary,
      );
  }

  find(id: string): ChaosRunView | null {
    if (this.running?.run.id === id) return this.running.run.view();
    return this.over.find((run) => run.id === id) ?? null;
  }

  /** False: it is over, or there is no such run. */
  stop(id: string): boolean {
    if (this.running?.run.id !== id || this.running.run.view().state !== 'running') return false;
    this.running.run.stop('It was stopped before its time.');
    return true;
  }

  /** Lines of what was asked and told; of a run that goes on, so far. Null: there are none. */
  history(id: string): Readable | null {
    if (this.running?.run.id === id)
      return Readable.from(this.running.run.historySoFar(), { objectMode: false });
    const file = path.join(this.parts.folder, `${id}.ndjson`);
    return this.find(id) !== null && existsSync(file) ? createReadStream(file) : null;
  }

  /** Leaves the run that goes on; the cluster stays as it is. */
  async close(): Promise<void> {
    this.running?.run.leave();
    await this.running?.ended;
  }

  private hasEnded(run: ChaosRun): void {
    const view = run.view();
    this.running = null;
    this.over.push(view);
    this.write(view);
    this.forgetOldest();
  }

  /** Its place in time, and a little chance: a clock may be set back. */
  private newId(): string {
    const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase();
    return `${time}-${randomInt(36 ** 3)
      .toString(36)
      .padStart(3, '0')}`;
  }

  private write(view: ChaosRunView): void {
    const file = path.join(this.parts.folder, `${view.id}.json`);
    writeFileSync(`${file}.new`, JSON.stringify(view));
    renameSync(`${file}.new`, file);
  }

  private forgetOldest(): void {
    const surplus = Math.max(0, this.over.length - CHAOS_LIMITS.runs);
    for (const { id } of this.over.slice(0, surplus)) {
      rmSync(path.join(this.parts.folder, `${id}.json`), { force: true });
      rmSync(path.join(this.parts.folder, `${id}.ndjson`), { force: true });
    }
    this.over = this.over.slice(surplus);
  }
}

function settingsOf({ seed, ...given }: z.output<typeof ChaosBody>): ChaosSettings {
  return {
    ...given,
    faults: [...new Set(given.faults)],
    seed: seed ?? randomInt(CHAOS_LIMITS.seed),
  };
}

/** A file that cannot be understood is passed over: it is somebody else's, or of another version. */
function readRuns(folder: string): ChaosRunView[] {
  const runs: ChaosRunView[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.json')) continue;
    const run = readRun(path.join(folder, name));
    if (run !== null) runs.push(run);
  }
  return runs.sort((a, b) => a.startedAtMs - b.startedAtMs);
}

function readRun(file: string): ChaosRunView | null {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
  const parsed = ChaosRunView.safeParse(json);
  if (!parsed.success) return null;
  const run = parsed.data;
  const isOver = run.state === 'done' || run.state === 'broken' || run.state === 'interrupted';
  return isOver ? run : { ...run, state: 'interrupted', reason: INTERRUPTED };
}

const INTERRUPTED = 'The server stopped in the middle of it.';
