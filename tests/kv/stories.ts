/** Random commands, steps of forgetting, and questions, for stores that are told the same. */
import * as fc from 'fast-check';
import { compareCells } from '../../server/kv/bytes-order.ts';
import type { ChangesQuery, Coordinates, ViewQuery } from '../../server/kv/queries.ts';
import type {
  Cell,
  Condition,
  ImportedField,
  Operation,
  Value,
  Version,
  WriteCommand,
} from '../../server/kv/types.ts';
import type { NaiveStore } from './naive-store.ts';

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
export const story = fc.array(step, { minLength: 1, maxLength: 30, size: 'max' });
export type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

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
export const question: fc.Arbitrary<Asked> = fc.oneof(
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

export const watched: fc.Arbitrary<(revision: number) => ChangesQuery> = fc
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
