/**
 * What happened at each revision (T18): the versions that were written, as the
 * table of all versions has them, and the instants that time passed.
 */
import type { Due } from './due.ts';
import type { FieldVersions } from './field-versions.ts';
import type { Revision } from './types.ts';
import type { HeldVersion } from './version-columns.ts';
import type { TableCursor, VersionTable } from './version-table.ts';

/** An instant, and the revision whose stamp passed it. */
export interface PassedDue extends Due {
  readonly revision: Revision;
}

/** Passed instants are gone through for those to forget when they have doubled, and not below this number. */
const FEW_PASSED = 4096;

export class Journal {
  private readonly table: VersionTable;
  /** By (revision, instant). */
  private passed: PassedDue[] = [];
  private passedAfterPurge = 0;

  constructor(table: VersionTable) {
    this.table = table;
  }

  pass(revision: Revision, { at, field, version }: Due): void {
    this.passed.push({ revision, at, field, version });
  }

  /** Goes through what happened after a revision. */
  after(revision: Revision): JournalReader {
    return new JournalReader(
      this.table.after(revision),
      this.passed,
      firstAfter(this.passed, revision),
    );
  }

  /** Forgets, when there are many, the instants passed up to `all`, and those up to `dropped` whose versions are dropped. */
  purgePassed(all: Revision, dropped: Revision): void {
    if (this.passed.length < Math.max(FEW_PASSED, 2 * this.passedAfterPurge)) return;
    this.passed = this.passed.filter(
      ({ revision, field, version }) =>
        revision > dropped || (revision > all && field.has(version)),
    );
    this.passedAfterPurge = this.passed.length;
  }
}

/** A walk through the journal; nothing may happen meanwhile. */
export class JournalReader {
  private readonly written: TableCursor;
  private readonly passed: readonly PassedDue[];
  private nextPassed: number;

  constructor(written: TableCursor, passed: readonly PassedDue[], nextPassed: number) {
    this.written = written;
    this.passed = passed;
    this.nextPassed = nextPassed;
  }

  /** The next revision at which anything happened; null at the end. */
  get revision(): Revision | null {
    const wrote = this.written.revision;
    const passed = this.passed[this.nextPassed]?.revision ?? null;
    if (wrote === null || passed === null) return wrote ?? passed;
    return Math.min(wrote, passed);
  }

  /** Tells all of `revision`, the next one: first the instants that it passed, as time moves before anything is written. */
  read(
    revision: Revision,
    onDue: (due: PassedDue) => void,
    onVersion: (field: FieldVersions, version: HeldVersion) => void,
  ): void {
    const { written, passed } = this;
    for (; passed[this.nextPassed]?.revision === revision; this.nextPassed++)
      onDue(passed[this.nextPassed] as PassedDue);
    for (; written.revision === revision; written.advance())
      onVersion(written.field, written.version);
  }

  /** Tells all that happened up to a revision. */
  readUntil(
    upTo: Revision,
    onDue: (due: PassedDue) => void,
    onVersion: (field: FieldVersions, version: HeldVersion) => void,
  ): void {
    for (let { revision } = this; revision !== null && revision <= upTo; { revision } = this)
      this.read(revision, onDue, onVersion);
  }
}

/** Position of the first that is of a later revision. */
function firstAfter(passed: readonly PassedDue[], after: Revision): number {
  let low = 0;
  let high = passed.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((passed[middle] as PassedDue).revision <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
