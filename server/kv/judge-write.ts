/**
 * What a write comes to: its answer and the versions that it adds, judged
 * against the records as they stand before it (T5 to T11, T16). Nothing is
 * changed here, so an error leaves nothing half done.
 */
import { isReserved } from '../base/reserved.ts';
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { compareBytes } from './bytes-order.ts';
import { Compacted, compacted } from './horizon.ts';
import { judgeHistory, judgeImport } from './judge-import.ts';
import type { Judged, WritePlace } from './judged.ts';
import { listError, tooLarge } from './list-limits.ts';
import type { Records } from './records.ts';
import { viewOf } from './timeline.ts';
import type { Timeline } from './timeline.ts';
import {
  MAX_ENTRY_CHARS,
  MAX_ENTRY_LOOKS,
  MAX_ENTRY_VERSIONS,
  MAX_FOUND_CHARS,
  MAX_TIMESTAMP_MS,
} from './types.ts';
import type {
  Condition,
  FailedCondition,
  Horizon,
  KvError,
  Operation,
  OperationOutcome,
  Outcome,
  Restore,
  Revision,
  SetRetention,
  TimestampMs,
  Transaction,
  Value,
  Version,
  WriteCommand,
} from './types.ts';
import { charsOf, isSameValue } from './value.ts';
import type { HeldVersion } from './version-columns.ts';

/** What a write is judged against. */
export interface Ground {
  readonly records: Records;
  /** Has the revisions before the write, at least. */
  readonly timeline: Timeline;
  /** What is before it is forgotten. */
  readonly horizon: Horizon;
}

export function judgeWrite(
  ground: Ground,
  place: WritePlace,
  command: WriteCommand,
): Result<Judged, KvError> {
  const now = Math.floor(place.stamp / 1000);
  const timestamp = command.timestamp ?? now;
  if (timestamp < ground.horizon.timestamp) return err(compacted(ground.horizon));
  const draft = new Draft(ground.records, place, timestamp);
  try {
    if (command.op === 'import') return judgeImport(ground.records, place, timestamp, command);
    if (command.op === 'importHistory') return judgeHistory(ground, place, timestamp, command);
    const outcome = run(draft, ground, command);
    if (!outcome.ok) return outcome;
    return ok({ timestamp, outcome: outcome.value, versions: draft.versions });
  } catch (error) {
    if (!(error instanceof Compacted)) throw error;
    const { step } = draft;
    return err({ ...compacted(error.horizon), ...(step !== null && { operation: step }) });
  }
}

function run(
  draft: Draft,
  ground: Ground,
  command: Operation | Transaction | Restore | SetRetention,
): Result<Outcome, KvError> {
  switch (command.op) {
    case 'txn':
      return runTransaction(draft, command);
    case 'restore':
      return restore(draft, ground, command);
    case 'retention':
      return ok({ op: command.op });
    default:
      return operate(draft, command);
  }
}

/** The versions that a write would add, over the records that it found. */
class Draft {
  readonly records: Records;
  readonly timestamp: TimestampMs;
  /** The revisions before this write, at its timestamp. */
  readonly view: { readonly at: TimestampMs; readonly asOf: Revision };
  readonly versions: Version[] = [];
  /** Place in its transaction of the operation that is being done. */
  step: number | null = null;
  private readonly place: WritePlace;
  private chars = 0;
  private looks = 0;
  /** By key, then field: the last version drafted. Null until someone looks: most writes have one step. */
  private drafted: Map<string, Map<string, Version>> | null = null;
  private indexed = 0;

  constructor(records: Records, place: WritePlace, timestamp: TimestampMs) {
    this.records = records;
    this.place = place;
    this.timestamp = timestamp;
    this.view = { at: timestamp, asOf: place.index - 1 };
  }

  /** What stands there for the next operation: none of these ends before its own timestamp. */
  find(key: string, field: string): Pick<HeldVersion, 'value' | 'expiresAt'> | null {
    const drafted = this.draftedFields(key)?.get(field);
    if (drafted !== undefined) return drafted.value === null ? null : drafted;
    return this.records.standing(key, field, this.view);
  }

  /** Counts fields looked at; an error when they are too many. */
  look(fields: number): KvError | null {
    this.looks += fields;
    if (this.looks <= MAX_ENTRY_LOOKS) return null;
    return tooLarge('one write looks at', MAX_ENTRY_LOOKS, 'fields: do it in parts');
  }

  /** The fields that stand, in byte order. */
  presentFields(key: string): Result<readonly string[], KvError> {
    const names = new Set(this.draftedFields(key)?.keys());
    for (const name of this.records.fields(key).names()) names.add(name);
    const wrong = this.look(names.size);
    if (wrong !== null) return err(wrong);
    return ok([...names].filter((name) => this.find(key, name) !== null).sort(compareBytes));
  }

  /** Adds a version; an error when it would be one too many, or would hold for too long. */
  write(
    key: string,
    field: string,
    value: Value | null,
    expiresAt: TimestampMs | null,
  ): KvError | null {
    if (expiresAt !== null && expiresAt > MAX_TIMESTAMP_MS)
      return {
        code: 'OUT_OF_RANGE',
        message: `${key}.${field} would hold beyond the year 9999`,
      };
    this.chars += value === null ? 0 : charsOf(value);
    if (this.versions.length === MAX_ENTRY_VERSIONS)
      return tooLarge('one write changes', MAX_ENTRY_VERSIONS, 'fields');
    if (this.chars > MAX_ENTRY_CHARS)
      return tooLarge('one write has', MAX_ENTRY_CHARS, 'characters of values');
    const { timestamp } = this;
    const { index: revision, stamp } = this.place;
    const op = this.versions.length;
    const version: Version = { key, field, timestamp, revision, op, value, expiresAt, stamp };
    this.versions.push(version);
    return null;
  }

  private draftedFields(key: string): ReadonlyMap<string, Version> | undefined {
    for (; this.indexed < this.versions.length; this.indexed++) {
      const version = this.versions[this.indexed] as Version;
      this.drafted ??= new Map();
      const record = this.drafted.get(version.key);
      if (record === undefined) this.drafted.set(version.key, new Map([[version.field, version]]));
      else record.set(version.field, version);
    }
    return this.drafted?.get(key);
  }

  /** The instant at which a ttl ends; without one, that of the version built upon (T9). */
  expiry(ttl: number | undefined, base: Pick<HeldVersion, 'expiresAt'> | null): TimestampMs | null {
    return ttl === undefined ? (base?.expiresAt ?? null) : this.timestamp + ttl;
  }
}

// --- one operation --------------------------------------------------------------

/** Shared: there is one for each write. */
const OUTCOMES = {
  set: [
    { op: 'set', existed: false },
    { op: 'set', existed: true },
  ],
  delete: [
    { op: 'delete', existed: false },
    { op: 'delete', existed: true },
  ],
} as const;

function operate(draft: Draft, operation: Operation): Result<OperationOutcome, KvError> {
  const { op, key } = operation;
  if (op === 'deleteRecord') return deleteRecord(draft, key);
  const { field } = operation;
  const base = draft.find(key, field);
  switch (op) {
    case 'set': {
      const wrong =
        listError(operation.value) ??
        draft.write(key, field, operation.value, draft.expiry(operation.ttl, null));
      return wrong === null ? ok(OUTCOMES.set[base === null ? 0 : 1]) : err(wrong);
    }
    case 'delete': {
      const wrong = base === null ? null : draft.write(key, field, null, null);
      return wrong === null ? ok(OUTCOMES.delete[base === null ? 0 : 1]) : err(wrong);
    }
    case 'append': {
      const list = listOf(base, operation);
      if (!list.ok) return list;
      const longer = [...list.value, ...operation.items];
      const wrong =
        listError(longer) ?? draft.write(key, field, longer, draft.expiry(operation.ttl, base));
      return wrong === null ? ok({ op, length: longer.length }) : err(wrong);
    }
    case 'remove': {
      const list = listOf(base, operation);
      if (!list.ok) return list;
      let left = operation.count ?? list.value.length;
      const shorter = list.value.filter((item) => item !== operation.item || left-- <= 0);
      const removed = list.value.length - shorter.length;
      const wrong =
        removed === 0 ? null : draft.write(key, field, shorter, draft.expiry(undefined, base));
      return wrong === null ? ok({ op, removed, length: shorter.length }) : err(wrong);
    }
    case 'increment': {
      const before = integerOf(base, operation);
      if (!before.ok) return before;
      const value = before.value + operation.by;
      if (!Number.isSafeInteger(value)) return err(outOfRange(operation, String(value)));
      const wrong = draft.write(key, field, String(value), draft.expiry(operation.ttl, base));
      return wrong === null ? ok({ op, value }) : err(wrong);
    }
  }
}

function deleteRecord(draft: Draft, key: string): Result<OperationOutcome, KvError> {
  const present = draft.presentFields(key);
  if (!present.ok) return present;
  const fields = present.value;
  for (const field of fields) {
    const wrong = draft.write(key, field, null, null);
    if (wrong !== null) return err(wrong);
  }
  return ok({ op: 'deleteRecord', fields: fields.length });
}

interface Named {
  readonly key: string;
  readonly field: string;
}

type Base = Pick<HeldVersion, 'value'> | null;

/** Absent counts as empty. */
function listOf(base: Base, { key, field }: Named): Result<readonly string[], KvError> {
  const value = base?.value ?? [];
  if (typeof value !== 'string') return ok(value);
  return err({ code: 'WRONG_KIND', message: `${key}.${field} is text, not a list` });
}

const DECIMAL = /^(?:0|-?[1-9]\d{0,15})$/;

/** Absent counts as 0. */
function integerOf(base: Base, named: Named): Result<number, KvError> {
  const value = base?.value ?? '0';
  const name = `${named.key}.${named.field}`;
  if (typeof value !== 'string')
    return err({ code: 'WRONG_KIND', message: `${name} is a list, not a number` });
  if (/^-?[1-9]\d{16,}$/.test(value)) return err(outOfRange(named, value));
  if (!DECIMAL.test(value))
    return err({ code: 'NOT_AN_INTEGER', message: `${name} is not a whole decimal number` });
  const number = Number(value);
  return Number.isSafeInteger(number) ? ok(number) : err(outOfRange(named, value));
}

function outOfRange({ key, field }: Named, value: string): KvError {
  const message = `${key}.${field}: ${value.slice(0, 40)} is beyond ±(2^53 - 1)`;
  return { code: 'OUT_OF_RANGE', message };
}

// --- transactions ----------------------------------------------------------------

function runTransaction(
  draft: Draft,
  { op, conditions, success, failure }: Transaction,
): Result<Outcome, KvError> {
  const failed = firstFailed(draft, conditions);
  const outcomes: OperationOutcome[] = [];
  for (const [i, operation] of (failed === null ? success : failure).entries()) {
    draft.step = i;
    const outcome = operate(draft, operation);
    if (!outcome.ok) return err({ ...outcome.error, operation: i });
    outcomes.push(outcome.value);
  }
  return ok({ op, succeeded: failed === null, failed, outcomes });
}

function firstFailed(draft: Draft, conditions: readonly Condition[]): FailedCondition | null {
  for (const [index, condition] of conditions.entries()) {
    const { key, field } = condition;
    const found = draft.records.standing(key, field, draft.view);
    if (holds(draft, condition, found)) continue;
    if (found === null) return { index, found: null };
    const { value, revision } = found;
    if (value === null) return { index, found: null };
    return { index, found: { value: charsOf(value) > MAX_FOUND_CHARS ? null : value, revision } };
  }
  return null;
}

function holds(draft: Draft, condition: Condition, found: HeldVersion | null): boolean {
  switch (condition.is) {
    case 'value':
      return found !== null && isSameValue(found.value, condition.value);
    case 'present':
      return found !== null;
    case 'absent':
      return found === null;
    case 'revision':
      return found?.revision === condition.revision;
    case 'latest': {
      const field = draft.records.field(condition.key, condition.field);
      return field === undefined || field.lastTimestamp <= draft.timestamp;
    }
  }
}

// --- restore ----------------------------------------------------------------------

/** What had time left to live then has that time left from now (T16). */
function restore(
  draft: Draft,
  { timeline, horizon }: Ground,
  { op, at, asOf = draft.view.asOf, ...scope }: Restore,
): Result<Outcome, KvError> {
  if (asOf > draft.view.asOf)
    return err({ code: 'REVISION_NOT_YET', message: `revision ${asOf} is not before this write` });
  const past = viewOf(timeline, { at, asOf });
  if (past.at < horizon.timestamp || asOf < horizon.revision) return err(compacted(horizon));
  for (const { key, field, held } of draft.records.cells(scope)) {
    if (isReserved(key)) continue;
    const tooMany = draft.look(1);
    if (tooMany !== null) return err(tooMany);
    const then = held.standing(past);
    const present = held.standing(draft.view);
    const left = then === null || then.expiresAt === null ? null : then.expiresAt - past.at;
    // What would outlast the calendar ends with it.
    const expiresAt = left === null ? null : Math.min(draft.timestamp + left, MAX_TIMESTAMP_MS);
    const value = then?.value ?? null;
    if (isSameValue(value, present?.value ?? null) && expiresAt === (present?.expiresAt ?? null))
      continue;
    const wrong = draft.write(key, field, value, expiresAt);
    if (wrong !== null) return err(wrong);
  }
  return ok({ op, fields: draft.versions.length });
}
