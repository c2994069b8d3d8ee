/**
 * Questions to the records, at one view each (T1, T4). The work for an answer is
 * bounded: a page ends when it is full, or when much was looked at in vain, and
 * says where the next one starts.
 */
import type { FieldVersions } from './field-versions.ts';
import { Page } from './page.ts';
import type { Records } from './records.ts';
import { viewOf } from './timeline.ts';
import type { Timeline } from './timeline.ts';
import { MAX_PAGE } from './queries.ts';
import { MAX_TIMESTAMP_MS } from './types.ts';
import type {
  FieldChange,
  FoundField,
  FoundVersion,
  View,
  ViewAnswer,
  ViewQuery,
} from './queries.ts';
import type { Horizon, Version, VersionPlace } from './types.ts';
import { isSameValue } from './value.ts';
import { isSameVersion } from './version-columns.ts';
import type { HeldVersion } from './version-columns.ts';

/** `query` asks for no revision after the timeline's last, nor for a view before the horizon. Throws {@link Compacted}. */
export function answerQuery(
  records: Records,
  timeline: Timeline,
  horizon: Horizon,
  query: ViewQuery,
): ViewAnswer {
  switch (query.type) {
    case 'get': {
      const view = viewOf(timeline, query);
      const choice = records.field(query.key, query.field)?.choose(view);
      if (choice === undefined)
        return { type: 'get', ...view, found: null, absentBecause: 'never' };
      return 'found' in choice
        ? { type: 'get', ...view, found: choice.found, absentBecause: null }
        : { type: 'get', ...view, found: null, absentBecause: choice.absentBecause };
    }
    case 'scan':
      return scan(records, viewOf(timeline, query), query);
    case 'keys':
      return listKeys(records, viewOf(timeline, query), query);
    case 'range':
      return range(records, viewOf(timeline, query), query);
    case 'history':
      return history(records, timeline, horizon, query);
    case 'diff':
      return diff(records, timeline, query);
    case 'versions':
      return listVersions(records, timeline, query);
  }
}

function foundAt(held: FieldVersions, view: View): FoundVersion | null {
  const choice = held.choose(view);
  return 'found' in choice ? choice.found : null;
}

type Asked<Type extends ViewQuery['type']> = Extract<ViewQuery, { readonly type: Type }>;
type Answered<Type extends ViewQuery['type']> = Extract<ViewAnswer, { readonly type: Type }>;

function scan(records: Records, view: View, query: Asked<'scan'>): Answered<'scan'> {
  const page = new Page(query.limit ?? MAX_PAGE);
  const { fields, next } = fieldsOf(records, view, page, query.key, query.prefix, query.start);
  return { type: 'scan', ...view, fields, next };
}

function fieldsOf(
  records: Records,
  view: View,
  page: Page,
  key: string,
  prefix = '',
  start = '',
): { readonly fields: readonly FoundField[]; readonly next: string | null } {
  const fields: FoundField[] = [];
  for (const [field, held] of records.fields(key).walk(prefix, start)) {
    if (page.isFull) return { fields, next: field };
    page.look();
    const found = foundAt(held, view);
    if (found === null) continue;
    page.row();
    page.value(found.value);
    fields.push({ field, ...found });
  }
  return { fields, next: null };
}

function listKeys(records: Records, view: View, query: Asked<'keys'>): Answered<'keys'> {
  const page = new Page(query.limit);
  const keys: { key: string; fields: number }[] = [];
  for (const key of records.keys(query.prefix, query.start, query.end)) {
    if (page.isFull) return { type: 'keys', ...view, keys, next: key };
    let fields = 0;
    for (const held of records.fields(key).all()) {
      page.look();
      if (held.standing(view) !== null) fields++;
    }
    if (fields === 0) continue;
    page.row();
    keys.push({ key, fields });
  }
  return { type: 'keys', ...view, keys, next: null };
}

function range(records: Records, view: View, query: Asked<'range'>): Answered<'range'> {
  const page = new Page(query.limit);
  const found: Answered<'range'>['records'][number][] = [];
  for (const key of records.keys(query.prefix, query.start, query.end)) {
    if (page.isFull) return { type: 'range', ...view, records: found, next: key };
    const { fields, more } = firstFields(records, view, page, key);
    if (fields.length === 0) continue;
    page.row();
    found.push({ key, fields, more });
  }
  return { type: 'range', ...view, records: found, next: null };
}

/** Goes on through the record when it has enough, to see whether one more stands: all of it is charged to the page. */
function firstFields(
  records: Records,
  view: View,
  page: Page,
  key: string,
): { readonly fields: readonly FoundField[]; readonly more: boolean } {
  const part = new Page(MAX_PAGE);
  const fields: FoundField[] = [];
  for (const [field, held] of records.fields(key).walk()) {
    page.look();
    const found = foundAt(held, view);
    if (found === null) continue;
    if (part.isFull) return { fields, more: true };
    part.row();
    part.value(found.value);
    page.value(found.value);
    fields.push({ field, ...found });
  }
  return { fields, more: false };
}

function history(
  records: Records,
  timeline: Timeline,
  horizon: Horizon,
  query: Asked<'history'>,
): Answered<'history'> {
  const { key, field, from = 0, to = MAX_TIMESTAMP_MS, limit = MAX_PAGE } = query;
  const { at: clusterTime, asOf } = viewOf(timeline, { asOf: query.asOf });
  const held = records.field(key, field);
  const page = { descending: query.descending ?? false, after: query.after ?? null };
  // One more than the page holds tells whether there is another page.
  const found = held?.history(from, to, asOf, { ...page, limit: limit + 1 }) ?? [];
  const budget = new Page(limit);
  const versions = [];
  for (const { timestamp, revision, op, value, expiresAt } of found) {
    if (budget.isFull) break;
    const stamp = timeline.at(revision);
    versions.push({ key, field, timestamp, revision, op, value, expiresAt, stamp });
    budget.row();
    budget.value(value);
  }
  const last = versions[versions.length - 1];
  const next =
    last === undefined || versions.length === found.length
      ? null
      : { timestamp: last.timestamp, revision: last.revision, op: last.op };
  const earliest = held?.oldestKept ?? horizon;
  return {
    type: 'history',
    asOf,
    clusterTime,
    versions,
    horizon: laterOf(earliest, horizon),
    next,
  };
}

/** Null when nothing is compacted. */
function laterOf(a: Horizon, b: Horizon): Horizon | null {
  const timestamp = Math.max(a.timestamp, b.timestamp);
  const revision = Math.max(a.revision, b.revision);
  return revision === 0 ? null : { timestamp, revision };
}

function diff(records: Records, timeline: Timeline, query: Asked<'diff'>): Answered<'diff'> {
  const before = viewOf(timeline, query.before);
  const after = viewOf(timeline, query.after);
  const page = new Page(query.limit);
  const changes: FieldChange[] = [];
  for (const { key, field, held } of records.cells(query, query.start)) {
    if (page.isFull) return { type: 'diff', before, after, changes, next: { key, field } };
    page.look();
    const was = held.standing(before);
    const is = held.standing(after);
    if (isSameStanding(was, is)) continue;
    const change = { key, field, before: foundAt(held, before), after: foundAt(held, after) };
    page.row();
    page.value(change.before?.value);
    page.value(change.after?.value);
    changes.push(change);
  }
  return { type: 'diff', before, after, changes, next: null };
}

/** The same version is the same value; another may say the same again. */
function isSameStanding(a: HeldVersion | null, b: HeldVersion | null): boolean {
  if (a === null || b === null) return a === b;
  return isSameVersion(a, b) || isSameValue(a.value, b.value);
}

const FIRST_PLACE: VersionPlace = { timestamp: 0, revision: 0, op: 0 };

function listVersions(
  records: Records,
  timeline: Timeline,
  query: Asked<'versions'>,
): Answered<'versions'> {
  const view = viewOf(timeline, query);
  const { start, limit } = query;
  const page = new Page(limit);
  const versions: Version[] = [];
  for (const { key, field, held } of records.cells(query, start)) {
    const isFirst = key === start?.key && field === start.field;
    const place = isFirst ? start : FIRST_PLACE;
    if (page.isFull) return { type: 'versions', ...view, versions, next: { ...place, key, field } };
    page.look();
    // From the place on, and one more than the page holds: it is full before these end.
    const known = held.history(0, MAX_TIMESTAMP_MS, view.asOf, {
      descending: false,
      after: { ...place, op: place.op - 1 },
      limit: limit + 1,
    });
    for (const { timestamp, revision, op, value, expiresAt } of known) {
      if (page.isFull) {
        const next = { key, field, timestamp, revision, op };
        return { type: 'versions', ...view, versions, next };
      }
      const stamp = timeline.at(revision);
      versions.push({ key, field, timestamp, revision, op, value, expiresAt, stamp });
      page.row();
      page.value(value);
    }
  }
  return { type: 'versions', ...view, versions, next: null };
}
