/**
 * The words in which the cases are written. A case is a list of steps on fields
 * of its own; a write is named by its number in the case, from 1, since its
 * revision and its time are known only when it was done. Answers are short
 * texts (`in-words.ts`).
 */
import type { Coordinates, ViewQuery } from '../../../server/kv/queries.ts';
import type {
  Condition,
  Operation,
  Scope,
  SessionRef,
  Value,
  WriteCommand,
} from '../../../server/kv/types.ts';

export interface Case {
  /** Begins with the rule it shows. */
  readonly title: string;
  readonly steps: readonly Step[];
}

export type Step =
  /** `answer` null: any, so long as it is done. */
  | {
      readonly does: 'write';
      readonly command: Asked<WriteCommand>;
      readonly answer: string | null;
    }
  | { readonly does: 'read'; readonly query: Asked<ViewQuery>; readonly answer: string }
  /** All pages of it, one after another; `meanwhile` is written after the first. */
  | {
      readonly does: 'page';
      readonly query: Asked<ViewQuery>;
      readonly limit: number;
      readonly answer: string;
      readonly meanwhile: Asked<WriteCommand> | null;
    }
  /** Cluster time moves on. */
  | { readonly does: 'pass'; readonly ms: number };

/** What the case knows of its own writes. */
export interface Course {
  key(name: string): string;
  /** Revision of the case's n-th write; of what was there before it for 0. */
  revision(n: number): number;
  /** Timestamp that the n-th write was given. */
  timestamp(n: number): number;
}

export type Asked<T> = (course: Course) => T;

/** Milliseconds, or so many after the timestamp of the n-th write; null: left out. */
export type Time = number | { readonly write: number; readonly ms: number } | null;

export function after(write: number, ms = 0): Time {
  return { write, ms };
}

export function given(title: string, ...steps: readonly (Step | readonly Step[])[]): Case {
  return { title, steps: steps.flat() };
}

// --- writes ---------------------------------------------------------------------

/** `a.x` is field x of key a; a pair is for names with a dot in them. */
export type CellName = string | readonly [key: string, field: string];

function cellOf(course: Course, name: CellName): { readonly key: string; readonly field: string } {
  const [key = '', field = ''] = typeof name === 'string' ? name.split('.') : name;
  return { key: course.key(key), field };
}

type AskedOperation = Asked<Operation>;

export function set(cell: CellName, value: Value, ttl?: number): AskedOperation {
  return (course) => ({ op: 'set', ...cellOf(course, cell), value, ttl });
}

export function remove(cell: CellName): AskedOperation {
  return (course) => ({ op: 'delete', ...cellOf(course, cell) });
}

export function removeRecord(key: string): AskedOperation {
  return (course) => ({ op: 'deleteRecord', key: course.key(key) });
}

export function append(cell: CellName, items: readonly string[], ttl?: number): AskedOperation {
  return (course) => ({ op: 'append', ...cellOf(course, cell), items, ttl });
}

export function take(cell: CellName, item: string, count?: number): AskedOperation {
  return (course) => ({ op: 'remove', ...cellOf(course, cell), item, count });
}

export function add(cell: CellName, by: number, ttl?: number): AskedOperation {
  return (course) => ({ op: 'increment', ...cellOf(course, cell), by, ttl });
}

/** A write dated `timestamp`. */
export function at(
  timestamp: Time,
  operation: Asked<WriteCommand>,
  answer: string | null = null,
): Step {
  return { does: 'write', command: dated(timestamp, operation), answer };
}

/** A write that has no date of its own. */
export function now(operation: Asked<WriteCommand>, answer: string | null = null): Step {
  return at(null, operation, answer);
}

/** A client whose session was never opened. */
export const STRANGER = 'stranger';

/** Under a client's sequence, in a session of its own. */
export function as(
  client: string,
  sequence: number,
  write: Asked<WriteCommand>,
): Asked<WriteCommand> {
  return (course) => {
    const session: SessionRef = { client, sequence };
    return { ...write(course), session };
  };
}

function dated(timestamp: Time, operation: Asked<WriteCommand>): Asked<WriteCommand> {
  return (course) => {
    const ms = timeOf(course, timestamp);
    return ms === undefined ? operation(course) : { ...operation(course), timestamp: ms };
  };
}

export function is(cell: CellName, value: Value): Asked<Condition> {
  return (course) => ({ is: 'value', ...cellOf(course, cell), value });
}

export function stands(cell: CellName, what: 'present' | 'absent' | 'latest'): Asked<Condition> {
  return (course) => ({ is: what, ...cellOf(course, cell) });
}

/** Written by the n-th write. */
export function writtenBy(cell: CellName, n: number): Asked<Condition> {
  return (course) => ({ is: 'revision', ...cellOf(course, cell), revision: course.revision(n) });
}

export function txn(
  conditions: readonly Asked<Condition>[],
  success: readonly AskedOperation[],
  failure: readonly AskedOperation[] = [],
): Asked<WriteCommand> {
  return (course) => ({
    op: 'txn',
    conditions: conditions.map((condition) => condition(course)),
    success: success.map((operation) => operation(course)),
    failure: failure.map((operation) => operation(course)),
  });
}

/** The whole store is what the case has written. */
export function restore(
  scope: { readonly cell?: CellName; readonly key?: string; readonly prefix?: string },
  to: Time,
  asOf?: number,
): Asked<WriteCommand> {
  return (course) => ({
    op: 'restore',
    ...scopeOf(course, scope),
    at: timeOf(course, to),
    asOf: asOf === undefined ? undefined : course.revision(asOf),
  });
}

/** Of the keys with the prefix, all fields are these, in order; a third place is what they have left to live. */
export function imports(
  prefix: string,
  ...fields: readonly (readonly [cell: CellName, value: Value, ttl?: number])[]
): Asked<WriteCommand> {
  return (course) => ({
    op: 'import',
    prefix: course.key(prefix),
    from: null,
    to: null,
    fields: fields.map(([cell, value, ttl]) => ({ ...cellOf(course, cell), value, ttl })),
  });
}

/** The keys with the prefix have had nothing, and have these versions, in order; the last place is an expiry. */
export function importsHistory(
  prefix: string,
  ...found: readonly (readonly [
    cell: CellName,
    timestamp: number,
    value: Value | null,
    expiresAt?: number,
  ])[]
): Asked<WriteCommand> {
  return (course) => ({
    op: 'importHistory',
    prefix: course.key(prefix),
    from: null,
    versions: found.map(([cell, timestamp, value, expiresAt = null]) => ({
      ...cellOf(course, cell),
      timestamp,
      value,
      expiresAt,
    })),
  });
}

// --- reads ----------------------------------------------------------------------

/** A time, and the number of the write as of which is looked; left out: the latest. */
type Place = readonly [at: Time, asOf?: number | undefined];

/** Several looks at one field. */
export function reads(
  cell: CellName,
  ...looks: readonly (readonly [at: Time, answer: string, asOf?: number])[]
): readonly Step[] {
  return looks.map(([time, answer, asOf]) => get(cell, [time, asOf], answer));
}

/** Absent is "-" and why: `-never`, `-not-yet`, `-deleted`, `-expired`. */
export function get(cell: CellName, place: Place | Time, answer: string): Step {
  const query: Asked<ViewQuery> = (course) => ({
    type: 'get',
    ...cellOf(course, cell),
    ...coordinates(course, place),
  });
  return { does: 'read', query, answer };
}

interface Page {
  readonly prefix?: string;
  readonly limit?: number;
}

export function scan(key: string, place: Place | Time, answer: string, page: Page = {}): Step {
  return { does: 'read', query: scanOf(key, place, page), answer };
}

export function scanOf(key: string, place: Place | Time, page: Page = {}): Asked<ViewQuery> {
  return (course) => ({
    type: 'scan',
    key: course.key(key),
    ...page,
    ...coordinates(course, place),
  });
}

interface Keys {
  readonly prefix?: string;
  readonly start?: string;
  readonly end?: string;
}

/** With the number of their fields. */
export function keys(place: Place | Time, answer: string, range: Keys = {}): Step {
  return { does: 'read', query: rangeOf('keys', place, range), answer };
}

export function records(place: Place | Time, answer: string, range: Keys = {}): Step {
  return { does: 'read', query: rangeOf('range', place, range), answer };
}

export function rangeOf(
  type: 'keys' | 'range',
  place: Place | Time,
  { prefix = '', start, end }: Keys = {},
): Asked<ViewQuery> {
  return (course) => ({
    type,
    prefix: course.key(prefix),
    ...(start !== undefined && { start: course.key(start) }),
    ...(end !== undefined && { end: course.key(end) }),
    limit: 1000,
    ...coordinates(course, place),
  });
}

interface Versions {
  readonly from?: number;
  readonly to?: number;
  readonly asOf?: number;
  readonly descending?: boolean;
}

export function history(cell: CellName, answer: string, which: Versions = {}): Step {
  return { does: 'read', query: historyOf(cell, which), answer };
}

export function historyOf(cell: CellName, { asOf, ...which }: Versions = {}): Asked<ViewQuery> {
  return (course) => ({
    type: 'history',
    ...cellOf(course, cell),
    ...which,
    ...(asOf !== undefined && { asOf: course.revision(asOf) }),
  });
}

export function diff(
  before: Place | Time,
  then: Place | Time,
  answer: string,
  scope: Parameters<typeof restore>[0] = {},
): Step {
  return { does: 'read', query: diffOf(before, then, scope), answer };
}

export function diffOf(
  before: Place | Time,
  then: Place | Time,
  scope: Parameters<typeof restore>[0] = {},
): Asked<ViewQuery> {
  return (course) => {
    const { key, field, prefix } = scopeOf(course, scope);
    return {
      type: 'diff',
      ...(key !== undefined && { key }),
      ...(field !== undefined && { field }),
      ...(prefix !== undefined && { prefix }),
      before: coordinates(course, before),
      after: coordinates(course, then),
      limit: 100,
    };
  };
}

/** Every version of every key with the prefix. */
export function versions(place: Place | Time, answer: string, prefix = ''): Step {
  const query: Asked<ViewQuery> = (course) => ({
    type: 'versions',
    prefix: course.key(prefix),
    limit: 1000,
    ...coordinates(course, place),
  });
  return { does: 'read', query, answer };
}

/** All pages, `limit` rows each at most, say together what one page would. */
export function pages(
  limit: number,
  query: Asked<ViewQuery>,
  answer: string,
  meanwhile: Asked<WriteCommand> | null = null,
): Step {
  return { does: 'page', query, limit, answer, meanwhile };
}

export function pass(ms: number): Step {
  return { does: 'pass', ms };
}

function timeOf(course: Course, time: Time): number | undefined {
  if (time === null) return undefined;
  return typeof time === 'number' ? time : course.timestamp(time.write) + time.ms;
}

function isPlace(place: Place | Time): place is Place {
  return Array.isArray(place);
}

function coordinates(course: Course, place: Place | Time): Coordinates {
  const [time, asOf]: Place = isPlace(place) ? place : [place];
  const ms = timeOf(course, time);
  return {
    ...(ms !== undefined && { at: ms }),
    ...(asOf !== undefined && { asOf: course.revision(asOf) }),
  };
}

function scopeOf(
  course: Course,
  {
    cell,
    key,
    prefix,
  }: { readonly cell?: CellName; readonly key?: string; readonly prefix?: string },
): Scope {
  if (cell !== undefined) return cellOf(course, cell);
  return key === undefined ? { prefix: course.key(prefix ?? '') } : { key: course.key(key) };
}
