/**
 * One chaos run, from the first call of a client to the verdict: the load and the
 * strikes side by side, then healing, last reads, and the judging of all that was
 * told. A run that is stopped before its time heals what it broke and judges what
 * there is. When the server closes it heals nothing: the cluster is left as by a
 * crash.
 */
import { setMaxListeners } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CHAOS_LIMITS } from '../../contracts/chaos.ts';
import type {
  ChaosCheck,
  ChaosInvariant,
  ChaosRun as ChaosRunView,
  ChaosSettings,
  ChaosStrike,
  ChaosVerdict,
  KeyVerdict,
} from '../../contracts/chaos.ts';
import { must } from '../base/assert.ts';
import { Random } from '../base/random.ts';
import type { KvService } from '../cluster/kv-service.ts';
import { judgeFinalState } from './final-state.ts';
import { History } from './history.ts';
import { historyText } from './history-lines.ts';
import { InvariantWatch, invariantCheck } from './invariant-watch.ts';
import { judgeInThread } from './judging.ts';
import { isCounter, keysOf, prefixOf } from './keys.ts';
import { LabClient } from './lab-client.ts';
import { readWritten } from './read-written.ts';
import { drawSchedule, planOf } from './schedule.ts';
import type { Strike } from './schedule.ts';
import { settle } from './settle.ts';
import { Striker } from './striker.ts';
import type { Battlefield } from './striker.ts';
import { Tally } from './tally.ts';
import { orderCheck, verdictOf } from './verdict.ts';

/** All clients together, per second; less in a long run, so that its history has room. */
const MAX_OPERATIONS_PER_S = 400;
/** Of these, those that are asked of each node by name. */
const HOLDING_SHARE = 0.2;
/** Of the room of a history, for the load. */
const LOAD_SHARE = 0.95;
const LOOK_EVERY_MS = 25;
const LAST_READ_WITHIN_MS = 10_000;
const JUDGE_WITHIN_MS = 120_000;
const DELETE_WITHIN_MS = 10_000;

export interface RunParts extends Battlefield {
  readonly kv: KvService;
  /** Where its files go. */
  readonly folder: string;
  /** The bundle of the judge's thread. */
  readonly judgeFile: string;
}

export class ChaosRun {
  readonly id: string;
  private readonly parts: RunParts;
  private readonly settings: ChaosSettings;
  private readonly nodes: readonly string[];
  private readonly strikes: readonly Strike[];
  private readonly clients: readonly LabClient[];
  /** Names of those that hold on to a node. */
  private readonly holding: ReadonlySet<string>;
  private readonly judgeClient: LabClient;
  private readonly keys: readonly string[];
  private readonly history: History;
  private readonly tally = new Tally();
  private readonly startedAtMs = Date.now();
  private readonly schedule: Mutable<ChaosStrike>[];
  private readonly verdicts = new Map<string, KeyVerdict>();
  private readonly load = new AbortController();
  private readonly closing = new AbortController();
  /** Terms in which somebody led while clients were at work. */
  private readonly terms = new Set<number>();
  private readonly watch: InvariantWatch;
  private checks: ChaosCheck[] = [];
  /** As they stood at the verdict; null before. */
  private invariants: readonly ChaosInvariant[] | null = null;
  private state: ChaosRunView['state'] = 'running';
  private reason: string | null = null;
  private verdict: ChaosVerdict | null = null;
  /** How long clients were at work; null while they are. */
  private ranMs: number | null = null;
  private longestPauseMs = 0;

  constructor(id: string, settings: ChaosSettings, nodes: readonly string[], parts: RunParts) {
    const random = Random.fromSeed(settings.seed);
    this.id = id;
    this.parts = parts;
    this.settings = settings;
    this.nodes = nodes;
    this.watch = new InvariantWatch(() => parts.fold.invariantCounts());
    this.strikes = drawSchedule(settings, nodes, random.fork());
    this.schedule = this.strikes.map((strike) => ({
      ...planOf(strike),
      state: 'planned',
      beganMs: null,
      endedMs: null,
      note: null,
    }));
    this.keys = keysOf(id, settings.keys);
    this.history = new History((operation, atMs) => {
      if (this.ranMs !== null) return;
      // A node that is asked by name while it is cut off is meant to have no answer.
      const isMeant = operation.outcome === 'failed' && this.holding.has(operation.client);
      if (!isMeant) this.tally.note(operation, atMs);
    });
    const perSecond = Math.min(
      MAX_OPERATIONS_PER_S,
      (CHAOS_LIMITS.operations * LOAD_SHARE * 1000) / settings.durationMs,
    );
    const client = (name: string, node: string | null): LabClient =>
      new LabClient({
        name,
        kv: parts.kv,
        random: random.fork(),
        history: this.history,
        keys: this.keys,
        node,
        restMs:
          node === null
            ? (settings.clients * 1000) / (perSecond * (1 - HOLDING_SHARE))
            : (nodes.length * 1000) / (perSecond * HOLDING_SHARE),
      });
    const free = Array.from({ length: settings.clients }, (_, i) => client(`c${i + 1}`, null));
    this.judgeClient = client('last', null);
    this.clients = [...free, ...nodes.map((node) => client(holderOf(node), node))];
    this.holding = new Set(nodes.map(holderOf));
    // Each client listens for the end while it rests, and so does what strikes.
    setMaxListeners(this.clients.length + 1, this.load.signal);
  }

  get isOver(): boolean {
    return this.verdict !== null || this.state === 'broken' || this.state === 'interrupted';
  }

  get historyFile(): string {
    return path.join(this.parts.folder, `${this.id}.ndjson`);
  }

  /** The history as far as it has come. */
  historySoFar(): Generator<string> {
    return historyText(this.history.operations);
  }

  /** Resolves when there is a verdict, or the run was left because the server closes. */
  async run(): Promise<void> {
    const wereFailed = new Set(
      this.nodes.filter((id) => this.parts.fold.nodeView(id).state === 'failed'),
    );
    const striker = new Striker(this.parts, this.settings.keepQuorum);
    try {
      await this.strikeUnderLoad(striker);
      if (this.closing.signal.aborted) return;
      this.state = 'healing';
      await striker.undoAll();
      this.endStrikes();
      const states = await settle(this.parts, wereFailed, this.closing.signal);
      await Promise.all(this.keys.map((key) => this.judgeClient.read(key, LAST_READ_WITHIN_MS)));
      if (this.closing.signal.aborted) return;
      this.state = 'judging';
      await this.judge(states);
    } catch (error) {
      this.reason = error instanceof Error ? error.message : String(error);
      this.state = 'broken';
      await striker.undoAll();
      throw error;
    }
  }

  /** Ends the load before its time. */
  stop(reason: string): void {
    if (this.load.signal.aborted) return;
    this.reason = reason;
    this.load.abort();
  }

  /** The server closes: nothing more is done to the cluster. */
  leave(): void {
    this.closing.abort();
    this.load.abort();
    if (this.isOver) return;
    this.state = 'interrupted';
    this.reason = 'The server stopped in the middle of it.';
  }

  view(): ChaosRunView {
    const ranMs = this.ranMs ?? this.history.nowMs;
    if (this.ranMs === null) this.tally.reach(ranMs);
    return {
      id: this.id,
      state: this.state,
      reason: this.reason,
      settings: this.settings,
      nodes: [...this.nodes],
      startedAtMs: this.startedAtMs,
      ranMs,
      counts: this.tally.counts,
      strikes: this.schedule.filter(({ beganMs }) => beganMs !== null).length,
      leaderChanges: Math.max(0, this.terms.size - 1),
      longestPauseMs: this.ranMs === null ? this.tally.longestPauseMs(ranMs) : this.longestPauseMs,
      verdict: this.verdict,
      schedule: this.schedule.map((strike) => ({ ...strike })),
      seconds: [...this.tally.seconds],
      keys: this.keys.flatMap((key) => this.verdicts.get(key) ?? []),
      checks: this.checks,
      invariants: [...(this.invariants ?? this.watch.soFar())],
    };
  }

  // --- the load ----------------------------------------------------------------------

  private async strikeUnderLoad(striker: Striker): Promise<void> {
    const { signal } = this.load;
    const working = Promise.all(this.clients.map((client) => client.work(signal)));
    const began = new Map<Strike, Promise<void>>();
    const doing: Promise<void>[] = [];
    let failure: unknown = null;
    const own = (work: Promise<void>): void => {
      doing.push(
        work.catch((error: unknown) => {
          failure ??= error;
          this.load.abort();
        }),
      );
    };
    const waiting = [...this.strikes];
    const standing: Strike[] = [];
    while (!signal.aborted) {
      const now = this.history.nowMs;
      this.noteLeader();
      if (this.history.isFull) this.stop('Its history was full.');
      for (const over of standing.filter((strike) => strike.atMs + strike.forMs <= now)) {
        standing.splice(standing.indexOf(over), 1);
        own(this.end(striker, over, began.get(over)));
      }
      for (let next = waiting[0]; next !== undefined && next.atMs <= now; next = waiting[0]) {
        waiting.shift();
        if (next.forMs > 0) standing.push(next);
        const work = this.begin(striker, next);
        began.set(next, work);
        own(work);
      }
      // After what was due: on a machine that stood still the last of it is due only now.
      if (now >= this.settings.durationMs) break;
      await delay(LOOK_EVERY_MS);
    }
    this.load.abort();
    await working;
    this.tally.reach(this.history.nowMs);
    this.longestPauseMs = this.tally.longestPauseMs(this.history.nowMs);
    this.ranMs = this.history.nowMs;
    // What has begun ends before it is undone; a node that starts again may take its time.
    if (!this.closing.signal.aborted) await Promise.all(doing);
    if (failure !== null) throw failure;
  }

  private async begin(striker: Striker, planned: Strike): Promise<void> {
    const strike = this.planned(planned.number);
    strike.state = 'striking';
    strike.beganMs = this.history.nowMs;
    const { ok, note } = await striker.strike(planned);
    strike.note = note;
    if (!ok) {
      strike.state = 'skipped';
      strike.beganMs = null;
    } else if (planned.forMs === 0) this.isOverNow(strike);
  }

  private async end(
    striker: Striker,
    { number }: Strike,
    began: Promise<void> | undefined,
  ): Promise<void> {
    const strike = this.planned(number);
    await began;
    await striker.undo(number);
    if (strike.state === 'striking') this.isOverNow(strike);
  }

  /** What the end of the run cut short. */
  private endStrikes(): void {
    for (const strike of this.schedule) if (strike.state === 'striking') this.isOverNow(strike);
  }

  private isOverNow(strike: Mutable<ChaosStrike>): void {
    strike.state = 'over';
    strike.endedMs = this.history.nowMs;
  }

  private planned(number: number): Mutable<ChaosStrike> {
    return must(this.schedule[number - 1], `strike ${number}`);
  }

  private noteLeader(): void {
    const { leaders, fold, supervisor } = this.parts;
    const { leader } = leaders;
    if (leader !== null && supervisor.has(leader)) this.terms.add(fold.nodeView(leader).term);
  }

  // --- the judging ---------------------------------------------------------------------

  private async judge(states: ChaosCheck): Promise<void> {
    const { operations } = this.history;
    await pipeline(Readable.from(historyText(operations)), createWriteStream(this.historyFile));
    const { kv, judgeFile } = this.parts;
    const read = await readWritten(kv, this.keys, prefixOf(this.id), this.closing.signal);
    const state = judgeFinalState(
      operations,
      read.ok ? read.written : null,
      read.ok ? '' : read.why,
    );
    const time = AbortSignal.any([AbortSignal.timeout(JUDGE_WITHIN_MS), this.closing.signal]);
    await judgeInThread(judgeFile, { file: this.historyFile, keys: this.keys }, time, (verdict) =>
      this.verdicts.set(verdict.key, verdict),
    );
    for (const key of this.keys) {
      if (this.verdicts.has(key)) continue;
      const kind = isCounter(key) ? 'counter' : 'register';
      this.verdicts.set(key, {
        key,
        kind,
        operations: 0,
        verdict: 'unknown',
        counterExample: null,
      });
    }
    if (this.closing.signal.aborted) return;
    if (this.settings.deleteKeys) await this.deleteKeys();
    this.invariants = this.watch.soFar();
    this.checks = [
      orderCheck([...this.verdicts.values()]),
      ...state,
      states,
      invariantCheck(this.invariants),
    ];
    this.verdict = verdictOf(this.checks);
    this.state = 'done';
  }

  private async deleteKeys(): Promise<void> {
    const { kv } = this.parts;
    const deletes = this.keys.map((key) => ({ op: 'deleteRecord', key }) as const);
    await Promise.all(kv.writeAll(deletes, DELETE_WITHIN_MS));
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The name of the client that holds on to a node, as a history has it. */
function holderOf(node: string): string {
  return `via-${node}`;
}
