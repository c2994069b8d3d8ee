/** Random commands and questions: the store and a naive one say the same, and a store that was saved goes on as the same. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { compareCells } from '../../server/kv/bytes-order.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import {
  applyKvChanges,
  applyLogWrite,
  emptyDurableState,
  encodeSnapshotState,
  readPiece,
  restoredNode,
  stageRows,
} from '../../server/ports/durable-state.ts';
import type { DurableState } from '../../server/ports/durable-state.ts';
import { KvStore } from '../../server/kv/store.ts';
import type {
  ApplyResult,
  Cell,
  Command as AnyCommand,
  Condition,
  Change,
  ChangesQuery,
  Coordinates,
  ImportedField,
  KvChanges,
  Operation,
  Value,
  Version,
  WriteCommand,
  ViewAnswer,
  ViewQuery,
} from '../../server/kv/types.ts';
import { nextQuery } from './conformance/subject.ts';
import { NaiveStore, Refused } from './naive-store.ts';
import type { Row, Told } from './naive-store.ts';
import { openIn, restored } from './writer.ts';

const OWNER = { clusterId: 'c', nodeId: 'n1', storeId: 's' };

/** Few names and times, so that most things meet. */
const key = fc.constantFrom('a', 'a', 'a', 'a', 'ab', '～', '😀', '__proto__');
const field = fc.constantFrom('x', 'x', 'x', 'xy', '～', '😀');
const prefix = fc.constantFrom('', 'a', 'x', '😀', 'no');
const time = fc.nat(24);
const ttl = fc.integer({ min: 1, max: 9 });
const item = fc.constantFrom('p', 'q', '');
const text = fc.constantFrom('0', '7', '-3', 'p', '07', '');
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 1, arbitrary: fc.array(item, { maxLength: 4 }) },
);

type Optional<T, Names extends keyof T> = Omit<T, Names> & Partial<Pick<T, Names>>;

/** A record of which some parts may be left out. */
function some<T extends object, Names extends keyof T & string>(
  parts: { [Name in keyof T]: fc.Arbitrary<T[Name]> },
  ...optional: readonly Names[]
): fc.Arbitrary<Optional<T, Names>> {
  const requiredKeys = Object.keys(parts).filter(
    (name) => !(optional as readonly string[]).includes(name),
  );
  return fc.record(parts, { requiredKeys: requiredKeys as (keyof T)[] }) as unknown as fc.Arbitrary<
    Optional<T, Names>
  >;
}

function always<const T>(constant: T): fc.Arbitrary<T> {
  return fc.constant(constant);
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: some({ op: always('set'), key, field, value, ttl }, 'ttl') },
  { weight: 3, arbitrary: fc.record({ op: always('delete'), key, field }) },
  { weight: 1, arbitrary: fc.record({ op: always('deleteRecord'), key }) },
  {
    weight: 3,
    arbitrary: some(
      {
        op: always('append'),
        key,
        field,
        items: fc.array(item, { minLength: 1, maxLength: 3 }),
        ttl,
      },
      'ttl',
    ),
  },
  {
    weight: 2,
    arbitrary: some(
      { op: always('remove'), key, field, item, count: fc.integer({ min: 1, max: 3 }) },
      'count',
    ),
  },
  {
    weight: 3,
    arbitrary: some(
      { op: always('increment'), key, field, by: fc.integer({ min: -4, max: 4 }), ttl },
      'ttl',
    ),
  },
);

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ is: always('value'), key, field, value }),
  fc.record({ is: fc.constantFrom('present', 'absent', 'latest'), key, field }),
  fc.record({ is: always('revision'), key, field, revision: fc.nat(30) }),
);

/** A revision is a part of the way to the last; what it comes to is known when it is asked. */
const part = fc.nat(31).map((n) => n / 31);

const session = some(
  {
    session: fc.record({
      // The last one's session is never opened.
      client: fc.constantFrom('c', 'c', 'd', 'd', 'e'),
      sequence: fc.integer({ min: 1, max: 6 }),
    }),
    timestamp: time,
  },
  'session',
  'timestamp',
);

/** Where a range begins or ends; null: with all. */
const end: fc.Arbitrary<Cell | null> = fc.option(fc.record({ key, field }), { freq: 2 });
const importedField = some({ key, field, value, ttl }, 'ttl');

/** What fits the range of it, in order. */
function importOf(
  start: string,
  one: Cell | null,
  other: Cell | null,
  fields: readonly ImportedField[],
  envelope: object,
): WriteCommand {
  const turned = one !== null && other !== null && compareCells(one, other) > 0;
  const [from, to] = turned ? [other, one] : [one, other];
  const within = fields
    .filter(({ key: name }) => name.startsWith(start))
    .filter((cell) => from === null || compareCells(cell, from) > 0)
    .filter((cell) => to === null || compareCells(cell, to) <= 0)
    .sort(compareCells)
    .filter((cell, i, all) => compareCells(cell, all[i + 1] ?? { key: '', field: '' }) !== 0);
  return { op: 'import', prefix: start, from, to, fields: within, ...envelope };
}

/** Of the store, if one is given, whose last version it goes on from. */
function historyOf(
  start: string,
  given: readonly (Cell & { timestamp: number; value: Value | null; ttl: number })[],
  naive: NaiveStore | null,
): WriteCommand {
  const there = naive?.rows({ type: 'versions', prefix: start, limit: 1 }) ?? [];
  const from = (there[there.length - 1] as Version | undefined) ?? null;
  const versions = given
    .map(({ ttl: left, ...version }) => ({
      ...version,
      key: start + version.key,
      expiresAt: version.value === null ? null : version.timestamp + left,
    }))
    .sort((a, b) => compareCells(a, b) || a.timestamp - b.timestamp)
    .filter((version) => {
      if (from === null) return true;
      return (compareCells(version, from) || version.timestamp - from.timestamp) >= 0;
    });
  return versions.length === 0
    ? { op: 'delete', key: 'a', field: 'x' }
    : { op: 'importHistory', prefix: start, from, versions };
}

/** Made of the store as it then is. */
type Command = (revision: number, naive: NaiveStore) => WriteCommand;
const write: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(operation, session).map(
      ([op, envelope]): Command =>
        () => ({ ...op, ...envelope }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.record({
          op: always('txn'),
          conditions: fc.array(condition, { maxLength: 2 }),
          success: fc.array(operation, { maxLength: 5 }),
          failure: fc.array(operation, { maxLength: 3 }),
        }),
        session,
      )
      .map(
        ([op, envelope]): Command =>
          () => ({ ...op, ...envelope }),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.oneof(fc.record({ key, field }), fc.record({ key }), fc.record({ prefix }), always({})),
        fc.option(time, { nil: undefined }),
        fc.option(part, { nil: undefined }),
      )
      .map(
        ([scope, at, asOf]): Command =>
          (revision) => ({
            op: 'restore',
            ...scope,
            at: asOf === undefined ? (at ?? 0) : at,
            // Sometimes a revision that is not there yet.
            asOf: asOf === undefined ? undefined : Math.round(asOf * (revision + 1)),
          }),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(prefix, fc.tuple(end, end), fc.array(importedField, { maxLength: 4 }), session)
      .map(
        ([start, [one, other], fields, envelope]): Command =>
          () =>
            importOf(start, one, other, fields, envelope),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        prefix,
        fc.array(fc.record({ key, field, timestamp: time, value: fc.option(value), ttl }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.boolean(),
      )
      .map(
        ([start, versions, goesOn]): Command =>
          (_revision, naive) =>
            historyOf(start, versions, goesOn ? naive : null),
      ),
  },
);

const policy: fc.Arbitrary<Command> = fc
  .record({
    maxAgeMs: fc.constantFrom(null, 1, 1000),
    maxVersions: fc.constantFrom(null, 1, 2, 3),
  })
  .map((limits) => () => ({ op: 'retention', ...limits }));

/** A leader would choose where a step ends by its clock; here it may be anywhere, even in vain. */
const forgetting = fc.record({ by: fc.constantFrom('age', 'versions'), part });

const step = fc.record({
  command: fc.option(fc.oneof({ weight: 20, arbitrary: write }, policy), { nil: null, freq: 12 }),
  compact: fc.option(forgetting, { nil: null, freq: 2 }),
  /** By which the leader's clock has moved on, ms. */
  ms: fc.nat(2),
});
const story = fc.array(step, { minLength: 1, maxLength: 30, size: 'max' });
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

const coordinates = some({ at: time, asOf: part }, 'at', 'asOf');
type Asked = (revision: number) => ViewQuery;

function viewed<Q extends object>(
  query: fc.Arbitrary<Q>,
  ask: (query: Q, view: Coordinates) => ViewQuery,
): fc.Arbitrary<Asked> {
  return fc.tuple(query, coordinates).map(
    ([rest, where]): Asked =>
      (revision) =>
        ask(rest, resolved(where, revision)),
  );
}

function resolved({ at, asOf }: { at?: number; asOf?: number }, revision: number): Coordinates {
  return {
    ...(at !== undefined && { at }),
    ...(asOf !== undefined && { asOf: Math.round(asOf * revision) }),
  };
}

const limit = fc.constantFrom(1, 2, 3, 1000);
const range = some({ prefix, start: key, end: key, limit }, 'prefix', 'start', 'end');
const question: fc.Arbitrary<Asked> = fc.oneof(
  viewed(fc.record({ key, field }), (cell, view) => ({ type: 'get', ...cell, ...view })),
  viewed(some({ key, prefix, start: field, limit }, 'prefix', 'start'), (rest, view) => ({
    type: 'scan',
    ...rest,
    ...view,
  })),
  viewed(range, (rest, view) => ({ type: 'keys', ...rest, ...view })),
  viewed(range, (rest, view) => ({ type: 'range', ...rest, ...view })),
  viewed(
    some(
      { key, field, from: time, to: time, descending: fc.boolean(), limit },
      'from',
      'to',
      'descending',
    ),
    (rest, { asOf }) => ({ type: 'history', ...rest, ...(asOf !== undefined && { asOf }) }),
  ),
  fc
    .tuple(
      fc.oneof(some({ key, field }, 'field'), fc.record({ prefix }), always({})),
      coordinates,
      coordinates,
      limit,
    )
    .map(
      ([scope, before, after, most]): Asked =>
        (revision) => ({
          type: 'diff',
          ...scope,
          before: resolved(before, revision),
          after: resolved(after, revision),
          limit: most,
        }),
    ),
  viewed(
    some(
      {
        prefix,
        start: fc.record({ key, field, timestamp: time, revision: fc.nat(30), op: fc.nat(3) }),
        limit,
      },
      'prefix',
      'start',
    ),
    (rest, view) => ({ type: 'versions', ...rest, ...view }),
  ),
);

const watched: fc.Arbitrary<(revision: number) => ChangesQuery> = fc
  .tuple(
    fc.oneof(some({ key, field }, 'field'), fc.record({ prefix }), always({})),
    part,
    fc.constantFrom(1, 2, 5, 1000),
  )
  .map(([scope, after, most]) => (revision) => ({
    type: 'changes',
    ...scope,
    after: Math.round(after * revision),
    limit: most,
  }));

/** More than any story has rows. */
const MOST_PAGES = 500;

/** Both stores, told the same. */
class Pair {
  readonly naive = new NaiveStore();
  store: KvStore;

  private readonly names = new Map<string, string>();

  constructor(store = KvStore.empty()) {
    this.store = store;
    for (const client of ['c', 'd']) {
      const stamp = store.lastStamp + 1;
      const name = openIn((command) =>
        store.apply({
          index: store.lastApplied + 1,
          stamp,
          kind: 'command',
          data: encodeCommand(command),
        }),
      );
      this.naive.open(name, stamp);
      this.names.set(client, name);
    }
  }

  /** Under the name that the store gave its client. */
  private named(write: WriteCommand): WriteCommand {
    const { session } = write;
    const client = session && this.names.get(session.client);
    return client === undefined || session === undefined
      ? write
      : { ...write, session: { ...session, client } };
  }

  tell(steps: Story): void {
    for (const { command, compact, ms } of steps) {
      const asked = command?.(this.store.lastApplied, this.naive) ?? null;
      const write = asked && this.named(asked);
      const [result, stamp] = this.apply(write ?? { op: 'tick' }, ms);
      if (write === null) this.naive.tick(stamp);
      else expect(told(result)).toEqual(this.naive.apply(write, stamp));
      if (compact === null) continue;
      const { by, part: at } = compact;
      const asOf = Math.max(1, Math.round(at * this.store.lastApplied));
      const [, later] = this.apply({ op: 'compact', by, asOf }, ms);
      this.naive.compact({ op: 'compact', by, asOf }, later);
    }
  }

  private apply(command: AnyCommand, ms: number): readonly [ApplyResult, number] {
    const index = this.store.lastApplied + 1;
    const stamp = this.store.lastStamp + ms * 1000 + 1;
    const data = encodeCommand(command);
    return [this.store.apply({ index, stamp, kind: 'command', data }), stamp];
  }

  /** What is forgotten is told so by both; anything else is asked in full. */
  ask(query: ViewQuery): void {
    let expected: readonly Row[] = [];
    try {
      if (this.naive.isCompacted(query)) throw new Refused('COMPACTED');
      if (query.type === 'get') this.naive.get(query.key, query.field, query);
      else expected = this.naive.rows(query);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      expect(() => this.rows(query, Number.POSITIVE_INFINITY)).toThrow(error.code);
      return;
    }
    if (query.type === 'get') {
      const answer = answerOf(this.store, query);
      if (answer.type !== 'get') throw new Error(answer.type);
      expect(answer.found ?? answer.absentBecause).toEqual(
        this.naive.get(query.key, query.field, query),
      );
      expect(answer).toMatchObject(this.naive.view(query));
      return;
    }
    expect(this.rows(query, expected.length)).toEqual(expected);
  }

  private rows(query: ViewQuery, most: number): readonly Row[] {
    const rows: Row[] = [];
    let pages = 0;
    for (let next: ViewQuery | null = query; next !== null; ) {
      expect(pages++).toBeLessThan(MOST_PAGES);
      const answer = answerOf(this.store, next);
      const page = rowsOf(answer);
      if (query.type !== 'get') expect(page.length).toBeLessThanOrEqual(query.limit ?? 1000);
      rows.push(...page);
      expect(rows.length).toBeLessThanOrEqual(most);
      next = nextQuery(next, answer);
    }
    return rows;
  }
}

/** All pages of what was asked; no revision may be on two of them. */
function allChanges(store: KvStore, query: ChangesQuery) {
  const all: (Change & { readonly told: number })[] = [];
  for (let { after } = query, pages = 0; after < store.lastApplied; pages++) {
    expect(pages).toBeLessThan(MOST_PAGES);
    const result = store.query({ ...query, after });
    if (!result.ok) throw new Error(result.error.code);
    const { batches, through } = result.answer;
    expect(through).toBeGreaterThan(after);
    const told = batches.flatMap(({ revision, changes }) =>
      changes.map((change) => ({ told: revision, ...change })),
    );
    for (const { told: revision } of told) {
      expect(revision).toBeGreaterThan(after);
      expect(revision).toBeLessThanOrEqual(through);
    }
    // Full before its last revision, and not after.
    const last = batches[batches.length - 1]?.changes.length ?? 0;
    expect(told.length - last).toBeLessThan(query.limit);
    all.push(...told);
    after = through;
  }
  return all;
}

/** Brings what one disk has to another, a few revisions at a time, and into the store that is open there. */
function bring(follower: KvStore, behind: DurableState, ahead: DurableState): void {
  for (let after = follower.lastApplied; ; ) {
    const piece = readPiece(ahead, after, 7);
    if (piece.end === null) {
      after = stageRows(behind, after, piece);
      expect(after).toBe(piece.upTo);
      continue;
    }
    const { lastApplied: index, lastStamp: stamp, ...header } = piece.end.kv;
    const state = encodeSnapshotState(header, piece.end);
    const base = { index, stamp, term: 1, conf: behind.base.conf };
    const nothing = { hardState: null, truncateFrom: null, append: [], base: null };
    applyLogWrite(behind, { install: { base, state }, ...nothing });
    break;
  }
  const { versions, marks } = readPiece(behind, follower.lastApplied, Number.MAX_SAFE_INTEGER);
  const { end } = readPiece(behind, behind.kv.lastApplied, 1);
  const { kv, kept, ...rest } = must(end, 'nothing is left');
  follower.installSnapshot(kv, { versions, marks, ...rest }, kept);
}

/** All that the store has to save. */
function taken(store: KvStore): KvChanges {
  return must(store.takeChanges(Number.MAX_SAFE_INTEGER), 'there is something to save');
}

function told(result: ApplyResult): Told {
  if (result.ok) return result;
  return { ok: false, code: result.error.code, operation: result.error.operation };
}

function answerOf(store: KvStore, query: ViewQuery): ViewAnswer {
  const result = store.query(query);
  if (!result.ok) throw new Error(result.error.code);
  return result.answer;
}

function rowsOf(answer: ViewAnswer): readonly Row[] {
  switch (answer.type) {
    case 'get':
      return [];
    case 'scan':
      return answer.fields;
    case 'keys':
      return answer.keys;
    case 'range':
      return answer.records.map(({ key: name, fields, more }) => {
        expect(more).toBe(false);
        return { key: name, fields };
      });
    case 'history':
      return answer.versions;
    case 'diff':
      return answer.changes;
    case 'versions':
      return answer.versions;
  }
}

describe('against a naive store', () => {
  test('[T18] everything that happened after any revision is told once, in order, alike after a restart', () => {
    fc.assert(
      fc.property(story, fc.array(watched, { maxLength: 8 }), (steps, questions) => {
        const pair = new Pair();
        pair.tell(steps);
        const again = restored(pair.store, 3);
        for (const ask of questions) {
          const query = ask(pair.store.lastApplied);
          if (pair.naive.isCompacted(query)) {
            expect(() => allChanges(pair.store, query)).toThrow('COMPACTED');
            continue;
          }
          const expected = pair.naive.changes(query);
          expect(allChanges(pair.store, query)).toEqual(expected);
          expect(allChanges(again, query)).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('[T1] every write and every read at every view is answered alike', () => {
    fc.assert(
      fc.property(story, fc.array(question, { maxLength: 25, size: 'max' }), (steps, questions) => {
        const pair = new Pair();
        pair.tell(steps);
        for (const ask of questions) pair.ask(ask(pair.store.lastApplied));
      }),
      { numRuns: 300 },
    );
  });

  test('[T19] a store restored from what it gave to be saved answers the same and goes on the same', () => {
    fc.assert(
      fc.property(
        story,
        story,
        fc.array(question, { maxLength: 10 }),
        fc.integer({ min: 1, max: 9 }),
        (before, later, questions, batch) => {
          const pair = new Pair();
          pair.tell(before);
          const hash = pair.store.stateHash;
          const due = pair.store.nextDueMs();
          const forgets = pair.store.hasPolicy;
          pair.store = restored(pair.store, batch);
          expect(pair.store.stateHash).toBe(hash);
          // The end of what is forgotten is forgotten too.
          if (!forgets) expect(pair.store.nextDueMs()).toBe(due);
          pair.tell(later);
          for (const ask of questions) pair.ask(ask(pair.store.lastApplied));
          const whole = new Pair();
          whole.tell([...before, ...later]);
          expect(pair.store.stateHash).toBe(whole.store.stateHash);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('[T19] a store brought on by the rows of a later state answers the same and goes on the same', () => {
    fc.assert(
      fc.property(
        fc.tuple(story, story, story),
        fc.array(question, { maxLength: 10 }),
        ([before, missed, later], questions) => {
          const pair = new Pair();
          pair.tell(before);
          const behind = emptyDurableState(OWNER, []);
          const ahead = emptyDurableState(OWNER, []);
          const start = taken(pair.store);
          applyKvChanges(behind, start);
          applyKvChanges(ahead, start);
          pair.tell(missed);
          const { stateHash } = pair.store;
          applyKvChanges(ahead, taken(pair.store));
          const { kv, ...rows } = restoredNode(behind);
          const follower = KvStore.restore(kv, rows);
          bring(follower, behind, ahead);
          const { kv: saved, ...all } = restoredNode(behind);
          for (const store of [KvStore.restore(saved, all), follower]) {
            expect(store.stateHash).toBe(stateHash);
            pair.store = store;
            for (const ask of questions) pair.ask(ask(store.lastApplied));
          }
          pair.tell(later);
          for (const ask of questions) pair.ask(ask(pair.store.lastApplied));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('[T19] two stores that were fed the same entries have equal hashes, step by step', () => {
    fc.assert(
      fc.property(story, (steps) => {
        const [one, two] = [new Pair(), new Pair()];
        for (const each of steps) {
          one.tell([each]);
          two.tell([each]);
          expect(one.store.stateHash).toBe(two.store.stateHash);
        }
      }),
      { numRuns: 100 },
    );
  });
});
