/**
 * What a node asks of its store, made up from a seed: terms and votes, entries,
 * entries that replace others, saves of applied state, compactions, snapshots
 * that come in pieces, stops and kills. Beside each request stands the state
 * after it, kept by the simplest means there are; the store's own code has no
 * part in it.
 */
import { Random } from '../../server/base/random.ts';
import { positionOf, revisionAt } from '../../server/base/position.ts';
import type { KvChanges, SessionRow } from '../../server/kv/types.ts';
import { EMPTY_HEADER, encodeSnapshotState, firstBase } from '../../server/ports/durable-state.ts';
import type { LogWrite, Rows } from '../../server/ports/node-storage.ts';
import { NO_VERSIONS, tallied } from '../../server/ports/version-tally.ts';
import type { Entry, HardState, LogBase, LogIndex } from '../../server/raft/types.ts';
import { marksLeft, retention, stampOf, versionsLeft } from './kv-rows.ts';
import type { AppliedState } from './kv-rows.ts';

export const VOTERS = ['n1', 'n2', 'n3'];

/** The log as of one write. Never changed once made. */
export interface LogState {
  readonly hardState: HardState;
  readonly base: LogBase;
  readonly entries: readonly Entry[];
}

/** Requests are numbered by what they change, from 1: the log, the applied state, what is staged. */
export type Operation =
  | { readonly type: 'log'; readonly number: number; readonly write: LogWrite }
  | { readonly type: 'save'; readonly number: number; readonly changes: KvChanges }
  | {
      readonly type: 'stage';
      readonly number: number;
      readonly after: LogIndex;
      readonly rows: Rows;
    };

export type Step =
  | { readonly type: 'open' | 'close' }
  /** The process ends at once, and another goes on. */
  | { readonly type: 'kill' }
  /** The process ends; the next is killed as it asks for its sync of this number, in the middle of a write. */
  | { readonly type: 'stumble'; readonly atSync: number }
  /** Handed over in one turn. */
  | { readonly type: 'do'; readonly operations: readonly Operation[] };

export interface Workload {
  readonly steps: readonly Step[];
  /** After each change of the log; at 0 that of a new store. */
  readonly logs: readonly LogState[];
  /** After each change of the applied state; at 0 that of a new store. */
  readonly applied: readonly AppliedState[];
  /** How far rows reach after each piece that was staged; at 0 nowhere. */
  readonly stagedTo: readonly LogIndex[];
  /** Snapshots change the log and the applied state as one: the numbers of both. */
  readonly installs: readonly { readonly log: number; readonly applied: number }[];
}

type Move = 'append' | 'vote' | 'rewrite' | 'save' | 'compact' | 'snapshot' | 'reopen';

/** What happens in a round, in an order that is drawn. */
const ROUND: readonly Move[] = [
  ...(['append', 'append', 'append', 'vote', 'rewrite'] as const),
  ...(['save', 'save', 'save', 'compact', 'snapshot', 'reopen'] as const),
];
/** Opening takes some syncs. */
const STUMBLES = [4, 12] as const;
const CLIENTS = ['ada', 'bob', 'cyd', 'dan'];
/** Characters: more than a page of the database. */
const LONG_CHARS = 5000;

export function makeWorkload(seed: number, rounds: number): Workload {
  const script = new Script(Random.fromSeed(seed));
  script.add({ type: 'open' });
  for (let round = 1; round <= rounds; round++) {
    script.round();
    if (round === Math.ceil(rounds / 2)) script.add({ type: 'kill' }, { type: 'open' });
  }
  script.add({ type: 'close' });
  script.stumble();
  return script;
}

class Script implements Workload {
  readonly steps: Step[] = [];
  readonly logs: LogState[] = [
    { hardState: { term: 0, votedFor: null, commit: 0 }, base: firstBase(VOTERS), entries: [] },
  ];
  readonly applied: AppliedState[] = [
    { header: EMPTY_HEADER, forgotten: new Set(), floors: new Map(), sessions: new Map() },
  ];
  readonly stagedTo: LogIndex[] = [0];
  readonly installs: { readonly log: number; readonly applied: number }[] = [];
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  add(...steps: Step[]): void {
    this.steps.push(...steps);
  }

  round(): void {
    const moves = [...ROUND];
    while (moves.length > 0) {
      const [move] = moves.splice(this.random.nextInt(0, moves.length - 1), 1);
      if (move !== undefined) this.move(move);
    }
  }

  /** Nobody knows how far the last process comes; one more looks. */
  stumble(): void {
    this.add({ type: 'stumble', atSync: this.random.nextInt(...STUMBLES) }, { type: 'open' });
    this.round();
    this.add({ type: 'close' });
  }

  private move(move: Move): void {
    const { random } = this;
    switch (move) {
      case 'append': {
        const operations = Array.from({ length: random.nextInt(1, 3) }, () => this.append());
        // What is saved of a turn waits for the log.
        if (random.chance(0.3)) operations.push(...this.save());
        return this.together(operations);
      }
      case 'vote':
        return this.together([this.vote()]);
      case 'rewrite': {
        const first = random.chance(0.5) ? [this.append()] : [];
        return this.together([...first, ...this.rewrite()]);
      }
      case 'save':
        return this.together(this.save());
      case 'compact':
        return this.together(this.compact());
      case 'snapshot':
        return this.snapshot();
      case 'reopen':
        return this.add({ type: 'close' }, { type: 'open' });
    }
  }

  private together(operations: readonly Operation[]): void {
    if (operations.length > 0) this.add({ type: 'do', operations });
  }

  // --- the log -----------------------------------------------------------------

  private get log(): LogState {
    return this.logs[this.logs.length - 1] as LogState;
  }

  private get state(): AppliedState {
    return this.applied[this.applied.length - 1] as AppliedState;
  }

  private get lastIndex(): LogIndex {
    return this.log.base.index + this.log.entries.length;
  }

  private write(write: Partial<LogWrite>, after: Partial<LogState>): Operation {
    this.logs.push({ ...this.log, ...after });
    const nothing = { install: null, hardState: null, truncateFrom: null, append: [], base: null };
    return { type: 'log', number: this.logs.length - 1, write: { ...nothing, ...write } };
  }

  private append(): Operation {
    const { hardState, entries, base } = this.log;
    const append = this.newEntries(this.lastIndex + 1, hardState.term);
    const commit = Math.max(hardState.commit, base.index);
    const next = this.random.chance(0.5) ? { ...hardState, commit: commit + 1 } : hardState;
    return this.write(
      { append, hardState: next === hardState ? null : next },
      { hardState: next, entries: [...entries, ...append] },
    );
  }

  private vote(): Operation {
    const hardState = this.newTerm();
    return this.write({ hardState }, { hardState });
  }

  /** A new leader's entries take the place of the last ones, of which nothing is applied. */
  private rewrite(): readonly Operation[] {
    const { base, entries } = this.log;
    const first = Math.max(base.index, this.state.header.lastApplied) + 1;
    if (first > this.lastIndex) return [];
    const truncateFrom = this.random.nextInt(first, this.lastIndex);
    const hardState = this.newTerm();
    const append = this.random.chance(0.8) ? this.newEntries(truncateFrom, hardState.term) : [];
    const kept = entries.slice(0, truncateFrom - 1 - base.index);
    return [
      this.write({ hardState, truncateFrom, append }, { hardState, entries: [...kept, ...append] }),
    ];
  }

  private compact(): readonly Operation[] {
    const { base, entries } = this.log;
    const { lastApplied } = this.state.header;
    if (lastApplied <= base.index) return [];
    const index = this.random.nextInt(base.index + 1, lastApplied);
    const { term, stamp } = entries[index - base.index - 1] as Entry;
    const next = { index, term, stamp, conf: base.conf };
    const left = entries.slice(index - base.index);
    return [this.write({ base: next }, { base: next, entries: left })];
  }

  private newTerm(): HardState {
    const { term, commit } = this.log.hardState;
    const votedFor = this.random.pick([null, ...VOTERS]);
    return { term: term + this.random.nextInt(1, 3), votedFor, commit };
  }

  private newEntries(from: LogIndex, term: number): readonly Entry[] {
    return Array.from({ length: this.random.nextInt(1, 5) }, (_, i): Entry => {
      const filler = this.random.chance(0.08) ? '.'.repeat(LONG_CHARS) : '';
      const data = `entry ${from + i} of ${this.logs.length} ${filler}`;
      return { index: from + i, term, stamp: stampOf(from + i), kind: 'command', data };
    });
  }

  // --- the applied state -------------------------------------------------------

  private save(): readonly Operation[] {
    const { random } = this;
    const { header, forgotten, floors, sessions } = this.state;
    const after = header.lastApplied;
    if (after === this.lastIndex) return [];
    const upTo = random.nextInt(after + 1, this.lastIndex);
    const dropped = versionsLeft(0, upTo, forgotten).filter(() => random.chance(0.06));
    const horizonBefore = header.retention.horizon.revision;
    const horizon = random.chance(0.25) ? random.nextInt(horizonBefore, upTo) : horizonBefore;
    const next = this.nextState(upTo, horizon, dropped.map(positionOf));
    const marked = new Set(
      marksLeft(horizonBefore, after, forgotten).map(({ revision }) => revision),
    );
    const changes: KvChanges = {
      ...next.header,
      versions: versionsLeft(after, upTo, forgotten),
      dropped,
      marks: marksLeft(horizonBefore, upTo, next.forgotten).filter(
        ({ revision }) => !marked.has(revision),
      ),
      floors: [...next.floors.values()].filter((floor) => !new Set(floors.values()).has(floor)),
      droppedFloors: [...floors].filter(([cell]) => !next.floors.has(cell)).map(([, at]) => at),
      sessions: [...next.sessions.values()].filter((row) => sessions.get(row.client) !== row),
      droppedSessions: [...sessions.keys()].filter((client) => !next.sessions.has(client)),
    };
    this.applied.push(next);
    return [{ type: 'save', number: this.applied.length - 1, changes }];
  }

  /** That of the next change, which moves all that can be moved. */
  private nextState(upTo: LogIndex, horizon: LogIndex, dropped: readonly number[]): AppliedState {
    const { random } = this;
    const number = this.applied.length;
    const forgotten = new Set([...this.state.forgotten, ...dropped]);
    const watchable = Math.max(horizon, ...[...forgotten].map(revisionAt));
    const floors = new Map([...this.state.floors].filter(() => random.chance(0.8)));
    const sessions = new Map([...this.state.sessions].filter(() => random.chance(0.9)));
    if (random.chance(0.6)) {
      const [key, field] = [`key ${random.nextInt(0, 4)}`, `field ${random.nextInt(0, 1)}`];
      const oldest = { timestamp: number, revision: random.nextInt(1, upTo), op: 0 };
      floors.set(`${key} ${field}`, { key, field, oldest });
    }
    const client = random.pick(CLIENTS);
    sessions.set(client, sessionOf(client, number, upTo));
    const header = {
      lastApplied: upTo,
      lastStamp: stampOf(upTo),
      stateHash: number.toString(16).padStart(16, '0'),
      sessionClock: number * 1000,
      retention: retention(horizon, watchable),
    };
    return { header, forgotten, floors, sessions };
  }

  // --- snapshots ---------------------------------------------------------------

  /** Of a leader that is ahead: its rows come in pieces, while this node may still apply its log. */
  private snapshot(): void {
    const { random } = this;
    const target = Math.max(this.lastIndex, this.reach) + random.nextInt(1, 12);
    while (this.reach < target) {
      const { reach } = this;
      const upTo = random.nextInt(reach + 1, target);
      const { forgotten, header } = this.state;
      const horizon = header.retention.horizon.revision;
      const rows: Rows = {
        upTo,
        horizon,
        versions: versionsLeft(reach, upTo, forgotten),
        marks: marksLeft(Math.max(horizon, reach), upTo, forgotten),
      };
      this.stagedTo.push(upTo);
      this.together([{ type: 'stage', number: this.stagedTo.length - 1, after: reach, rows }]);
      if (random.chance(0.3)) this.move(random.pick(['save', 'vote', 'compact']));
    }
    // Perhaps it is overtaken by a crash, or another leader: the rows stay for the next.
    if (random.chance(0.2)) return;
    const before = random.chance(0.5) ? this.save() : [];
    this.together([...before, this.install(target)]);
  }

  /** How far rows reach, staged or not. */
  private get reach(): LogIndex {
    return Math.max(this.stagedTo[this.stagedTo.length - 1] ?? 0, this.state.header.lastApplied);
  }

  private install(index: LogIndex): Operation {
    const { random } = this;
    const { retention: kept } = this.state.header;
    const term = this.log.hardState.term + random.nextInt(0, 1);
    const base = { index, term, stamp: stampOf(index), conf: this.log.base.conf };
    const dropped = versionsLeft(0, index, this.state.forgotten).filter(() => random.chance(0.1));
    const horizon = random.chance(0.5)
      ? random.nextInt(kept.horizon.revision, index)
      : kept.horizon.revision;
    const next = this.nextState(index, horizon, dropped.map(positionOf));
    const { header, forgotten, floors, sessions } = next;
    const upTo = header.retention.watchable.revision;
    const state = encodeSnapshotState(header, {
      sessions: [...sessions.values()].sort((a, b) => a.stamp - b.stamp),
      floors: [...floors.values()],
      kept: { upTo, positions: versionsLeft(0, upTo, forgotten).map(positionOf) },
      tally: tallied(NO_VERSIONS, versionsLeft(0, index, forgotten), []),
    });
    this.applied.push(next);
    this.installs.push({ log: this.logs.length, applied: this.applied.length - 1 });
    const hardState = { term, votedFor: null, commit: index };
    const append = random.chance(0.4) ? this.newEntries(index + 1, term) : [];
    return this.write(
      { install: { base, state }, hardState, append },
      { hardState, base, entries: append },
    );
  }
}

function sessionOf(client: string, number: number, revision: LogIndex): SessionRow {
  const stamp = stampOf(revision);
  return {
    client,
    sequence: number,
    asked: Number.MAX_SAFE_INTEGER - number,
    stamp,
    clock: number,
    result: {
      ok: true,
      revision,
      timestamp: revision * 10,
      stamp,
      outcome: { op: 'set', existed: true },
    },
  };
}
