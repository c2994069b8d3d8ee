/**
 * Forgetting what the policy allows (T17), in steps. A step goes through what
 * happened in a stretch of revisions and looks again at those fields alone: for
 * any other, nothing has changed since it was looked at last. So the work is
 * that of the writes, whatever else is stored.
 */
import { must } from '../base/assert.ts';
import { positionOf } from '../base/position.ts';
import type { FieldVersions, HeldVersion } from './field-versions.ts';
import type { Journal } from './journal.ts';
import type { Records } from './records.ts';
import type { Timeline } from './timeline.ts';
import type {
  Cell,
  FieldFloor,
  KeptVersions,
  Mark,
  Retention,
  Revision,
  Version,
  View,
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
  { records, journal }: Pick<Kept, 'records' | 'journal'>,
  { upTo, positions }: KeptVersions,
): void {
  const kept = new Set(positions);
  const dropped = new Map<FieldVersions, HeldVersion[]>();
  const reader = journal.after(0);
  for (let { revision } = reader; revision !== null && revision <= upTo; { revision } = reader) {
    reader.read(
      revision,
      () => {},
      (field, version) => {
        if (kept.has(positionOf(version))) return;
        const versions = dropped.get(field);
        if (versions === undefined) dropped.set(field, [version]);
        else versions.push(version);
      },
    );
  }
  for (const [field, versions] of dropped) {
    field.remove(new Set(versions));
    for (const version of versions) journal.purge(version);
    if (field.isEmpty) records.remove(field);
  }
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
    const reader = this.kept.journal.after(from);
    for (let { revision } = reader; revision !== null && revision <= upTo; { revision } = reader) {
      reader.read(
        revision,
        (due) => {
          if (due.revision > this.horizon && due.field.has(due.version)) fields.add(due.field);
        },
        (field) => fields.add(field),
      );
    }
    return fields;
  }

  moveFloor({ key, field, oldestKept }: FieldVersions): void {
    this.floors.push({ key, field, oldest: must(oldestKept, 'it was just limited') });
  }

  forget(field: FieldVersions, dropped: readonly HeldVersion[]): void {
    for (const version of dropped) {
      this.kept.journal.purge(version);
      this.versions.push({ revision: version.revision, op: version.op });
    }
    if (dropped.length === 0 || !field.isEmpty) return;
    this.kept.records.remove(field);
    const { key, field: name, oldestKept } = field;
    if (oldestKept !== null) this.droppedFloors.push({ key, field: name });
  }

  forgotten(horizon: Revision): Forgotten {
    const { versions, floors, droppedFloors } = this;
    const { journal, timeline } = this.kept;
    const revisions = new Set(versions.map(({ revision }) => revision));
    const marks = [...revisions]
      .filter((revision) => revision > horizon && journal.stampOf(revision) === null)
      .map((revision) => ({ revision, stamp: timeline.at(revision) }));
    return { versions, marks, floors, droppedFloors };
  }
}

function viewAt({ revision, stamp }: Mark): View {
  return { at: Math.floor(stamp / 1000), asOf: revision };
}

function later(a: Mark, b: Mark): Mark {
  return a.revision >= b.revision ? a : b;
}
