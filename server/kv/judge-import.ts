/**
 * What came from a backup, judged against the records as they stand (T22). An
 * import says of a range of fields what they hold at its timestamp, so it is the
 * store that finds what else stands there, at the instant of the entry, and
 * whoever repeats it changes nothing. One entry does a bounded amount of work:
 * it says how far it came, and the next goes on from there.
 */
import { isReserved } from '../base/reserved.ts';
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { compareCells } from './bytes-order.ts';
import { compacted } from './horizon.ts';
import type { FieldVersions } from './field-versions.ts';
import type { Judged, WritePlace } from './judged.ts';
import { listError, tooLarge } from './list-limits.ts';
import type { Records } from './records.ts';
import { MAX_ENTRY_CHARS, MAX_ENTRY_LOOKS, MAX_ENTRY_VERSIONS, MAX_TIMESTAMP_MS } from './types.ts';
import type {
  Cell,
  Horizon,
  Import,
  ImportedField,
  ImportedVersion,
  ImportHistory,
  KvError,
  TimestampMs,
  Version,
} from './types.ts';
import { charsOf, isSameValue } from './value.ts';

/** A field of the range: as it is to be, null for absent, and what the store has of it. */
interface Meeting extends Cell {
  readonly given: ImportedField | null;
  readonly held: FieldVersions | undefined;
}

/** `command` is in order and within its range: the grammar sees to that. */
export function judgeImport(
  records: Records,
  place: WritePlace,
  timestamp: TimestampMs,
  command: Import,
): Result<Judged, KvError> {
  const { index: revision, stamp } = place;
  const view = { at: timestamp, asOf: revision - 1 };
  const versions: Version[] = [];
  let [looks, chars] = [0, 0];
  let settled: Cell | null = null;
  for (const { key, field, given, held } of meetings(records, command)) {
    const wrong = given === null ? null : listError(given.value);
    if (wrong !== null) return err(wrong);
    const length = given === null ? 0 : charsOf(given.value);
    const isFull = versions.length === MAX_ENTRY_VERSIONS || chars + length > MAX_ENTRY_CHARS;
    if (settled !== null && (isFull || looks === MAX_ENTRY_LOOKS)) {
      const outcome = { op: 'import', fields: versions.length, settled } as const;
      return ok({ timestamp, outcome, versions });
    }
    looks++;
    settled = { key, field };
    if (isReserved(key)) continue;
    const present = held?.standing(view) ?? null;
    const value = given?.value ?? null;
    // What would outlast the calendar ends with it.
    const expiresAt =
      given?.ttl === undefined ? null : Math.min(timestamp + given.ttl, MAX_TIMESTAMP_MS);
    if (isSameValue(value, present?.value ?? null) && expiresAt === (present?.expiresAt ?? null))
      continue;
    const op = versions.length;
    versions.push({ key, field, timestamp, revision, op, value, expiresAt, stamp });
    chars += length;
  }
  const outcome = { op: 'import', fields: versions.length, settled: null } as const;
  return ok({ timestamp, outcome, versions });
}

/** Every field of the range that is given or was ever written, in order. */
function* meetings(records: Records, { prefix, from, to, fields }: Import): Generator<Meeting> {
  let next = 0;
  for (const { key, field, held } of records.cells({ prefix }, from ?? undefined)) {
    const cell = { key, field };
    if (from !== null && compareCells(cell, from) === 0) continue;
    if (to !== null && compareCells(cell, to) > 0) break;
    let given = fields[next];
    for (; given !== undefined && compareCells(given, cell) < 0; given = fields[++next])
      yield { key: given.key, field: given.field, given, held: undefined };
    const isGiven = given !== undefined && compareCells(given, cell) === 0;
    if (isGiven) next++;
    yield { key, field, given: isGiven ? (given ?? null) : null, held };
  }
  for (const given of fields.slice(next))
    yield { key: given.key, field: given.field, given, held: undefined };
}

/** All or nothing, and only where the records end at `from`. */
export function judgeHistory(
  { records, horizon }: { readonly records: Records; readonly horizon: Horizon },
  place: WritePlace,
  timestamp: TimestampMs,
  command: ImportHistory,
): Result<Judged, KvError> {
  const { index: revision, stamp } = place;
  const beyond = firstBeyond(records, command);
  if (beyond !== null) {
    const message = `${beyond.key}.${beyond.field} has versions that are not of this history`;
    return err({ code: 'NOT_EMPTY', message });
  }
  const versions: Version[] = [];
  let chars = 0;
  for (const given of command.versions) {
    if (isReserved(given.key)) continue;
    if (given.timestamp < horizon.timestamp) return err(compacted(horizon));
    const wrong = given.value === null ? null : listError(given.value);
    if (wrong !== null) return err(wrong);
    chars += given.value === null ? 0 : charsOf(given.value);
    versions.push(versionOf(given, versions.length));
  }
  if (versions.length > MAX_ENTRY_VERSIONS)
    return err(tooLarge('one write adds', MAX_ENTRY_VERSIONS, 'versions'));
  if (chars > MAX_ENTRY_CHARS)
    return err(tooLarge('one write has', MAX_ENTRY_CHARS, 'characters of values'));
  const outcome = { op: 'importHistory', versions: versions.length } as const;
  return ok({ timestamp, outcome, versions });

  function versionOf(given: ImportedVersion, op: number): Version {
    const { key, field, timestamp: at, value, expiresAt } = given;
    return { key, field, timestamp: at, revision, op, value, expiresAt, stamp };
  }
}

/** The first field that has a version after `from`. */
function firstBeyond(records: Records, { prefix, from }: ImportHistory): Cell | null {
  for (const { key, field, held } of records.cells({ prefix }, from ?? undefined)) {
    if (isReserved(key)) continue;
    const after = from !== null && compareCells({ key, field }, from) === 0 ? from : null;
    if (held.history(0, MAX_TIMESTAMP_MS, Number.MAX_SAFE_INTEGER, { ...FIRST, after }).length > 0)
      return { key, field };
  }
  return null;
}

const FIRST = { descending: false, limit: 1 } as const;
