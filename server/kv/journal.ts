/**
 * What happened at each revision, in order: the versions that were written, and
 * the instants that time passed (T18). It holds no text of its own, only places
 * in the fields' versions.
 */
import type { Due } from './due.ts';
import type { FieldVersions, HeldVersion } from './field-versions.ts';
import type { Revision } from './types.ts';

/** An instant, and the revision whose stamp passed it. */
export interface PassedDue extends Due {
  readonly revision: Revision;
}

export class Journal {
  /** Two columns, by (revision, op). */
  private readonly fields: FieldVersions[] = [];
  private readonly versions: HeldVersion[] = [];
  /** By (revision, instant). */
  private readonly passed: PassedDue[] = [];

  wrote(field: FieldVersions, version: HeldVersion): void {
    this.fields.push(field);
    this.versions.push(version);
  }

  pass(revision: Revision, { at, field, version }: Due): void {
    this.passed.push({ revision, at, field, version });
  }

  /** Goes through what happened after a revision. */
  after(revision: Revision): JournalReader {
    return new JournalReader(this.fields, this.versions, this.passed, revision);
  }
}

/** A walk through the journal; nothing may happen meanwhile. */
export class JournalReader {
  private readonly fields: readonly FieldVersions[];
  private readonly versions: readonly HeldVersion[];
  private readonly passed: readonly PassedDue[];
  private version: number;
  private due: number;

  constructor(
    fields: readonly FieldVersions[],
    versions: readonly HeldVersion[],
    passed: readonly PassedDue[],
    after: Revision,
  ) {
    this.fields = fields;
    this.versions = versions;
    this.passed = passed;
    this.version = firstAfter(versions, after);
    this.due = firstAfter(passed, after);
  }

  /** The next revision at which anything happened; null at the end. */
  get revision(): Revision | null {
    const wrote = this.versions[this.version]?.revision;
    const passed = this.passed[this.due]?.revision;
    if (wrote === undefined || passed === undefined) return wrote ?? passed ?? null;
    return Math.min(wrote, passed);
  }

  /** Tells all of `revision`, the next one: first the instants that it passed, as time moves before anything is written. */
  read(
    revision: Revision,
    onDue: (due: PassedDue) => void,
    onVersion: (field: FieldVersions, version: HeldVersion) => void,
  ): void {
    for (; this.passed[this.due]?.revision === revision; this.due++)
      onDue(this.passed[this.due] as PassedDue);
    for (; this.versions[this.version]?.revision === revision; this.version++)
      onVersion(
        this.fields[this.version] as FieldVersions,
        this.versions[this.version] as HeldVersion,
      );
  }
}

function firstAfter(rows: readonly { readonly revision: Revision }[], after: Revision): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle] as { readonly revision: Revision }).revision <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
