/**
 * The temporal store once more, as naively as possible, to judge the real one
 * by: a list of versions for each field, filtered and compared in full for each
 * question.
 */
import { must } from '../server/base/assert.ts';
import { parseCommand } from '../server/kv/command.ts';
import { MAX_AGEING_MICROS, Sessions, USUAL_LIMITS } from '../server/kv/sessions.ts';
import type { Entry } from '../server/raft/types.ts';
import type { Command, Compaction, Horizon, SessionRef } from '../server/kv/types.ts';
import type { ReadAnswer, WriteCommand } from './history.ts';

interface Fact {
  readonly timestamp: number;
  readonly revision: number;
  readonly value: string | null;
  readonly expiresAt: number | null;
}

export interface Applied {
  readonly revision: number | null;
  readonly timestamp: number;
  readonly stamp: number;
  readonly existed: boolean;
}

/** A change that a watcher is told. */
export interface Happened {
  readonly revision: number;
  readonly key: string;
  readonly field: string;
  /** In one line, but for what stood there before. */
  readonly text: string;
  readonly was: string;
}

export class Reference {
  /** First application of each write, by "client/sequence". */
  readonly applied = new Map<string, Applied>();
  /** Writes that came under their session and were dated before the horizon, by "client/sequence". */
  readonly forgotten = new Map<string, Horizon>();
  /** Revisions of writes whose session was not open. */
  readonly late = new Set<number>();
  /** Steps of forgetting that took what the policy still kept. */
  readonly hasty: number[] = [];
  /** By the revision that moved it. Steps by age are all that runs have. */
  private readonly horizons: (Horizon & { readonly since: number })[] = [
    { since: 0, timestamp: 0, revision: 0 },
  ];
  private maxAgeMs: number | null = null;
  /** Repeats of what was done that came when their session had ended. */
  lateRepeats = 0;
  /** By key, then field: each in the order of their revisions. */
  private readonly facts = new Map<string, Map<string, Fact[]>>();
  private readonly stamps: number[] = [0];
  /** Those that are open, in the order of their last use, with the sessions' clock at it. */
  private readonly sessions = new Map<string, { readonly sequence: number; readonly at: number }>();
  private clock = 0;
  private readonly limits: typeof USUAL_LIMITS;

  constructor(committed: readonly Entry[], limits = USUAL_LIMITS) {
    this.limits = limits;
    for (const entry of committed) this.apply(entry);
  }

  get lastRevision(): number {
    return this.stamps.length - 1;
  }

  clusterTime(revision: number): number {
    return Math.floor((this.stamps[revision] ?? 0) / 1000);
  }

  /** Before it nothing may be asked for or written, once `revision` is applied. */
  horizonAt(revision: number): Horizon {
    const { timestamp, revision: until } = must(
      this.horizons.findLast(({ since }) => since <= revision),
      'the horizon of the beginning',
    );
    return { timestamp, revision: until };
  }

  /** What stands at (at, asOf). */
  value(key: string, field: string, at: number, asOf: number): Fact | null {
    const winner = this.winner(key, field, at, asOf);
    if (winner === null || winner.value === null) return null;
    return winner.expiresAt !== null && at >= winner.expiresAt ? null : winner;
  }

  /** The greatest by timestamp, then revision, of those at or before (at, asOf). */
  private winner(key: string, field: string, at: number, asOf: number): Fact | null {
    let winner: Fact | null = null;
    for (const fact of this.facts.get(key)?.get(field) ?? []) {
      if (fact.timestamp > at || fact.revision > asOf) continue;
      if (
        winner === null ||
        fact.timestamp > winner.timestamp ||
        (fact.timestamp === winner.timestamp && fact.revision > winner.revision)
      ) {
        winner = fact;
      }
    }
    return winner;
  }

  /** All that watchers of everything are told: with each revision what came with time, then what was written. */
  changes(): readonly Happened[] {
    const told: (Happened & { readonly order: readonly number[] })[] = [];
    for (const [key, record] of this.facts) {
      for (const [field, facts] of record) {
        const tell: Tell = (revision, order, what, before) => {
          const text = `${revision} (${this.stamps[revision]}) ${what}`;
          const was = before === null ? 'nothing' : `${before.value}@${before.revision}`;
          told.push({ revision, key, field, order: [revision, ...order], text, was });
        };
        for (const fact of facts) this.tellWritten(key, field, fact, tell);
        const instants = facts.flatMap(({ timestamp, expiresAt }) => [timestamp, expiresAt ?? 0]);
        for (const at of new Set(instants)) this.tellPassed(key, field, at, tell);
      }
    }
    return told.sort((a, b) => compareAll(a.order, b.order));
  }

  private tellWritten(key: string, field: string, fact: Fact, tell: Tell): void {
    const { timestamp, revision, value } = fact;
    const before = this.value(key, field, timestamp, revision - 1);
    const kind = value === null ? 'delete' : 'set';
    tell(revision, [1], `${kind} ${key}.${field} ${describe(fact, timestamp, fact)}`, before);
  }

  /** Told with the first revision whose stamp reaches the instant, as it was known before that revision. */
  private tellPassed(key: string, field: string, at: number, tell: Tell): void {
    const revision = this.firstAt(at);
    if (revision > this.lastRevision) return;
    const asOf = revision - 1;
    const winner = this.winner(key, field, at, asOf);
    if (revision < 1 || winner === null || this.clusterTime(asOf) >= at) return;
    const before = this.value(key, field, at - 1, asOf);
    const now = this.value(key, field, at, asOf);
    if (before === now) return;
    const kind = winner.timestamp === at ? 'start' : 'expire';
    const what = `${kind} ${key}.${field} ${describe(winner, at, now)}`;
    tell(revision, [0, at, winner.revision], what, before);
  }

  /** The first revision whose stamp reaches the instant; the next one when none does. */
  private firstAt(at: number): number {
    let [low, high] = [0, this.stamps.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.clusterTime(middle) >= at) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  fields(key: string): readonly string[] {
    return [...(this.facts.get(key)?.keys() ?? [])].sort();
  }

  /** Why `answer` is wrong; null when it is right. */
  disagrees(
    key: string,
    field: string,
    answer: Extract<ReadAnswer, { type: 'get' }>,
  ): string | null {
    const expected = this.value(key, field, answer.at, answer.asOf);
    const got = answer.found;
    if (expected === null)
      return got === null ? null : `nothing stands there, but ${String(got.value)} was answered`;
    if (got === null) return `${expected.value} stands there, but nothing was answered`;
    return got.value === expected.value && got.revision === expected.revision
      ? null
      : `${expected.value} of revision ${expected.revision} stands there, but ${String(got.value)} of ${got.revision} was answered`;
  }

  private apply(entry: Entry): void {
    this.age(entry.stamp - (this.stamps.at(-1) ?? 0));
    this.stamps.push(entry.stamp);
    if (entry.kind !== 'command') return;
    const parsed = parseCommand(entry.data);
    if (!parsed.ok) return;
    const command = parsed.value;
    if (command.op === 'session') this.use({ client: Sessions.nameOf(entry), sequence: 0 });
    if (command.op === 'retention') this.maxAgeMs = command.maxAgeMs;
    if (command.op === 'compact') this.compact(entry, command);
    if (!isOfClients(command)) return;
    const { session } = command;
    if (session === undefined) {
      this.write(entry, command);
      return;
    }
    const id = `${session.client}/${session.sequence}`;
    const open = this.sessions.get(session.client);
    if (open === undefined) {
      this.late.add(entry.index);
      if (this.applied.has(id)) this.lateRepeats++;
    }
    if (open === undefined || session.sequence <= open.sequence) return;
    this.use(session);
    const horizon = this.horizonAt(entry.index);
    if ((command.timestamp ?? horizon.timestamp) < horizon.timestamp)
      this.forgotten.set(id, horizon);
    else this.applied.set(id, this.write(entry, command));
  }

  private compact({ index, stamp }: Entry, { asOf }: Compaction): void {
    const { maxAgeMs } = this;
    if (maxAgeMs === null || asOf >= index || asOf <= this.horizonAt(index).revision) return;
    this.horizons.push({ since: index, timestamp: this.clusterTime(asOf), revision: asOf });
    if (stamp - (this.stamps[asOf] ?? 0) < maxAgeMs * 1000) this.hasty.push(index);
  }

  private use({ client, sequence }: SessionRef): void {
    this.sessions.delete(client);
    this.sessions.set(client, { sequence, at: this.clock });
  }

  private age(micros: number): void {
    this.clock += Math.min(micros, MAX_AGEING_MICROS);
    const { idleMicros, most } = this.limits;
    for (const [client, { at }] of this.sessions)
      if (this.clock - at > idleMicros) this.sessions.delete(client);
    for (const client of [...this.sessions.keys()].slice(0, Math.max(0, this.sessions.size - most)))
      this.sessions.delete(client);
  }

  private write(entry: Entry, command: WriteCommand): Applied {
    const timestamp = command.timestamp ?? Math.floor(entry.stamp / 1000);
    const existed = this.value(command.key, command.field, timestamp, entry.index) !== null;
    const nothing = command.op === 'delete' && !existed;
    if (!nothing) {
      this.add(command.key, command.field, {
        timestamp,
        revision: entry.index,
        value: command.op === 'set' ? command.value : null,
        expiresAt:
          command.op === 'set' && command.ttl !== undefined ? timestamp + command.ttl : null,
      });
    }
    return { revision: nothing ? null : entry.index, timestamp, stamp: entry.stamp, existed };
  }

  private add(key: string, field: string, fact: Fact): void {
    const record = this.facts.get(key) ?? new Map<string, Fact[]>();
    this.facts.set(key, record);
    const facts = record.get(field) ?? [];
    record.set(field, facts);
    facts.push(fact);
  }
}

type Tell = (revision: number, order: readonly number[], what: string, before: Fact | null) => void;

function describe(version: Fact, at: number, now: Fact | null): string {
  return `of ${version.timestamp}@${version.revision}/0 at ${at}: ${String(now?.value ?? null)} until ${String(now?.expiresAt ?? null)}`;
}

function compareAll(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((number, i) => number !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/** Clients of the simulation ask for nothing else, so all else is refused or a tick. */
function isOfClients(command: Command): command is WriteCommand {
  return (command.op === 'set' && typeof command.value === 'string') || command.op === 'delete';
}
