/**
 * What a watcher is told (T18), from the journal and the fields' versions: a
 * function of the entries, so that every node tells the same, and whoever has
 * heard all up to a revision can go on at any of them.
 */
import type { PassedDue, Journal } from './journal.ts';
import type { FieldVersions } from './field-versions.ts';
import { Page } from './page.ts';
import type { Timeline } from './timeline.ts';
import type { Change, ChangeBatch, ChangesAnswer, ChangesQuery } from './queries.ts';
import type { Horizon, Scope } from './types.ts';
import { isSameVersion } from './version-columns.ts';
import type { HeldVersion } from './version-columns.ts';

export function answerChanges(
  journal: Journal,
  timeline: Timeline,
  horizon: Horizon,
  { after, limit, ...scope }: ChangesQuery,
): ChangesAnswer {
  const page = new Page(limit);
  const batches: ChangeBatch[] = [];
  const reader = journal.after(after);
  for (let { revision } = reader; revision !== null; revision = reader.revision) {
    // Revisions without changes are told with the one before them.
    if (page.isFull) return { type: 'changes', batches, through: revision - 1 };
    const changes: Change[] = [];
    const tell = (field: FieldVersions, change: () => Change | null): void => {
      page.look();
      const told = isWithin(field, scope) ? change() : null;
      if (told === null) return;
      page.row();
      page.value(told.value);
      page.value(told.previous?.value);
      changes.push(told);
    };
    reader.read(
      revision,
      (due) => tell(due.field, () => passage(due)),
      (field, version) => tell(field, () => written(field, version, horizon)),
    );
    if (changes.length > 0) batches.push({ revision, stamp: timeline.at(revision), changes });
  }
  return { type: 'changes', batches, through: Math.max(after, timeline.lastRevision) };
}

function isWithin(cell: FieldVersions, { key, field, prefix }: Scope): boolean {
  if (key === undefined) return prefix === undefined || cell.key.startsWith(prefix);
  return cell.key === key && (field === undefined || cell.field === field);
}

function written(
  field: FieldVersions,
  version: HeldVersion,
  { timestamp: horizon }: Horizon,
): Change {
  const { timestamp, value, expiresAt } = version;
  const before = timestamp < horizon ? undefined : field.standingBefore(version);
  return {
    kind: value === null ? 'delete' : 'set',
    ...told(field, version),
    at: timestamp,
    value,
    expiresAt,
    previous: previousOf(before ?? null),
    previousCompacted: before === undefined,
  };
}

/** Null when the instant changed nothing: another version decided by then. */
function passage({ at, field, version: due, revision }: PassedDue): Change | null {
  // As time found it: without what was written at this very revision.
  const asOf = revision - 1;
  const version = field.deciding({ at, asOf });
  if (version === null || !isSameVersion(version, due)) return null;
  const change = { ...told(field, version), at, previousCompacted: false };
  if (at === version.expiresAt) {
    const previous = previousOf(version);
    return { kind: 'expire', ...change, value: null, expiresAt: null, previous };
  }
  const { value, expiresAt } = version;
  const previous = previousOf(field.standing({ at: at - 1, asOf }));
  if (value === null && previous === null) return null;
  return { kind: 'start', ...change, value, expiresAt, previous };
}

function told(
  { key, field }: FieldVersions,
  { timestamp, revision, op }: HeldVersion,
): Pick<Change, 'key' | 'field' | 'version'> {
  return { key, field, version: { timestamp, revision, op } };
}

function previousOf(standing: HeldVersion | null): Change['previous'] {
  if (standing === null) return null;
  const { value, timestamp, revision, expiresAt } = standing;
  return value === null ? null : { value, timestamp, revision, expiresAt };
}
