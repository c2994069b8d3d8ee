/**
 * Forgetting what the policy allows (T17), in steps. A step goes through what
 * happened in a stretch of revisions and looks again at those fields alone: for
 * any other, nothing has changed since it was looked at last. So the work is
 * that of the writes, whatever else is stored.
 */
import { must } from '../base/assert.ts';
import { placeAt } from '../base/position.ts';
import type { FieldVersions } from './field-versions.ts';
import { horizonOf } from './horizon.ts';
import type { Journal } from './journal.ts';
import type { Records } from './records.ts';
import type { Timeline } from './timeline.ts';
import type { Row, VersionTable } from './version-table.ts';
import type { View } from './queries.ts';
import type {
  Cell,
  FieldFloor,
  KeptVersions,
  Mark,
  Retention,
  Revision,
  Version,
} from './types.ts';

/** Things that happened which one step goes through, unless a single revision has more. */
export const COMPACTION_STEP = 4096;
/** Nothing younger goes for its age, or for its number, microseconds: so far behind a watch can go on at least. */
export const AGE_AFTER_MICROS = 10_000_000;
export const COUNT_AFTER_MICROS = 60_000_000;

/** What a step took away. */
export interface Forgotten {
  readonly versions: readonly Pick<Version, 'revision' | 'op'>[];
  /** For revisions after the horizon that have no version left: when they were is still to be known. */
  readonly marks: readonly Mark[];
  readonly floors: readonly FieldFloor[];
  readonly droppedFloors: readonly Cell[];
}

export const NOTHING_FORGOTTEN: Forgotten = {
  versions: [],
  marks: [],
  floors: [],
  droppedFloors: [],
};

/** What there is to be forgotten. */
export interface Kept {
  readonly records: Records;
  readonly table: VersionTable;
  readonly journal: Journal;
  readonly timeline: Timeline;
}

/** Where a step may end that begins after `from`; null when nothing happened up to `upTo`. */
export function nextStep(
  journal: Journal,
  from: Revision,
  upTo: Revision,
): { readonly asOf: Revision; readonly isFull: boolean } | null {
  const reader = journal.after(from);
  let events = 0;
  const count = (): void => {
    events++;
  };
  for (let { revision } = reader; revision !== null && revision <= upTo; { revision } = reader) {
    reader.read(revision, count, count);
    if (events >= COMPACTION_STEP) return { asOf: revision, isFull: true };
  }
  return events === 0 ? null : { asOf: upTo, isFull: false };
}

/** Moves the horizon to `to`, a later one: no view before it will be asked for. */
export function compactByAge(
  kept: Kept,
  retention: Retention,
  to: Mark,
): readonly [Retention, Forgotten] {
  const step = new Step(kept, retention);
  const view = viewAt(to);
  for (const field of step.touched(retention.horizon.revision, to.revision))
    step.forget(field, field.compact(view));
  const watchable = later(retention.watchable, to);
  kept.journal.purgePassed(to.revision, watchable.revision);
  return [{ ...retention, horizon: to, watchable }, step.forgotten(to.revision)];
}

/** Counts the versions of what happened up to `to`, and leaves `most` of each field. */
export function compactByNumber(
  kept: Kept,
  retention: Retention,
  to: Mark,
  most: number,
): readonly [Retention, Forgotten] {
  const step = new Step(kept, retention);
  const trimmed = Math.max(retention.trimmed, to.revision);
  const watchable = later(retention.watchable, to);
  // The instants passed before the horizon are forgotten, so it counts as passed at once.
  const { horizon } = retention;
  const view = viewAt(later(to, horizon));
  for (const field of step.touched(retention.counted, to.revision)) {
    if (field.limit(most, view)) step.moveFloor(field);
    step.forget(field, field.trim(trimmed));
    // What had ended before the horizon may have stayed to hide what went just now.
    step.forget(field, field.compact(viewAt(horizon)));
  }
  kept.journal.purgePassed(horizon.revision, watchable.revision);
  return [
    { ...retention, counted: to.revision, trimmed, watchable },
    step.forgotten(horizon.revision),
  ];
}

/** Drops what another node forgot and this one still has. */
export function keepOnly(
  { records, table }: Pick<Kept, 'records' | 'table'>,
  { upTo, positions }: KeptVersions,
): void {
  const kept = new Set(positions);
  const dropped = new Map<FieldVersions, Set<Row>>();
  const written = table.after(0);
  for (; written.revision !== null && written.revision <= upTo; written.advance()) {
    if (kept.has(written.position)) continue;
    const rows = dropped.get(written.field);
    if (rows === undefined) dropped.set(written.field, new Set([written.row]));
    else rows.add(written.row);
  }
  for (const [field, rows] of dropped) {
    field.remove(rows);
    if (field.isEmpty) records.remove(field);
  }
  // All at once: the rows of others may change.
  table.drop([...dropped.values()].flatMap((rows) => [...rows]));
}

class Step {
  private readonly kept: Kept;
  private readonly horizon: Revision;
  private readonly versions: Pick<Version, 'revision' | 'op'>[] = [];
  private readonly floors: FieldFloor[] = [];
  private readonly droppedFloors: Cell[] = [];

  constructor(kept: Kept, { horizon }: Retention) {
    this.kept = kept;
    this.horizon = horizon.revision;
  }

  /**
   * The fields that hold a version written after `from`, up to `upTo`, or one
   * that began or ended then: the same on every node, whatever it remembers
   * besides.
   */
  touched(from: Revision, upTo: Revision): ReadonlySet<FieldVersions> {
    const fields = new Set<FieldVersions>();
    this.kept.journal.after(from).readUntil(
      upTo,
      (due) => {
        if (due.revision > this.horizon && due.field.has(due.version)) fields.add(due.field);
      },
      (field) => fields.add(field),
    );
    return fields;
  }

  moveFloor({ key, field, oldestKept }: FieldVersions): void {
    this.floors.push({ key, field, oldest: must(oldestKept, 'it was just limited') });
  }

  forget(field: FieldVersions, dropped: readonly Row[]): void {
    const { table, records } = this.kept;
    for (const row of dropped) this.versions.push(placeAt(table.position(row)));
    table.drop(dropped);
    if (dropped.length === 0 || !field.isEmpty) return;
    records.remove(field);
    const { key, field: name, oldestKept } = field;
    if (oldestKept !== null) this.droppedFloors.push({ key, field: name });
  }

  forgotten(horizon: Revision): Forgotten {
    const { versions, floors, droppedFloors } = this;
    const { table, timeline } = this.kept;
    const revisions = new Set(versions.map(({ revision }) => revision));
    const marks = [...revisions]
      .filter((revision) => revision > horizon && table.stampOf(revision) === null)
      .map((revision) => ({ revision, stamp: timeline.at(revision) }));
    return { versions, marks, floors, droppedFloors };
  }
}

/** What can still be asked for at its earliest. */
function viewAt(mark: Mark): View {
  const { timestamp, revision } = horizonOf(mark);
  return { at: timestamp, asOf: revision };
}

function later(a: Mark, b: Mark): Mark {
  return a.revision >= b.revision ? a : b;
}
