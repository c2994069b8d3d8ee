/**
 * The versions that are kept, in the order in which they were written, and the
 * instants that time passed: what happened at each revision (T18). It holds no
 * text of its own, only places in the fields' versions.
 */
import { must } from '../base/assert.ts';
import type { Due } from './due.ts';
import type { FieldVersions, HeldVersion } from './field-versions.ts';
import type { Revision, Stamp } from './types.ts';

/** An instant, and the revision whose stamp passed it. */
export interface PassedDue extends Due {
  readonly revision: Revision;
}

/** Part of the journal, in columns by (revision, op): what is purged moves the rows of one chunk alone. */
interface Chunk {
  fields: FieldVersions[];
  versions: HeldVersion[];
  /** Of each version's revision. */
  stamps: Stamp[];
  /** Versions that still stand here and are to go; null: none. */
  purged: Set<HeldVersion> | null;
}

const CHUNK_ROWS = 4096;
/** Passed instants are gone through for those to forget when they have doubled, and not below this number. */
const FEW_PASSED = 4096;

export class Journal {
  /** None is empty. */
  private readonly chunks: Chunk[] = [];
  /** By (revision, instant). */
  private passed: PassedDue[] = [];
  private passedAfterPurge = 0;

  wrote(field: FieldVersions, version: HeldVersion, stamp: Stamp): void {
    let last = this.chunks[this.chunks.length - 1];
    if (last === undefined || last.versions.length === CHUNK_ROWS) {
      last = { fields: [], versions: [], stamps: [], purged: null };
      this.chunks.push(last);
    }
    last.fields.push(field);
    last.versions.push(version);
    last.stamps.push(stamp);
  }

  pass(revision: Revision, { at, field, version }: Due): void {
    this.passed.push({ revision, at, field, version });
  }

  /** Stamp of a revision that wrote one of the versions here; null for any other. */
  stampOf(revision: Revision): Stamp | null {
    for (let at = this.firstChunkAfter(revision - 1); ; at++) {
      const chunk = this.chunks[at];
      const rows = chunk?.versions ?? [];
      for (let row = firstAfter(rows, revision - 1); row < rows.length; row++) {
        const version = rows[row] as HeldVersion;
        if (version.revision !== revision) return null;
        if (chunk?.purged?.has(version) !== true) return chunk?.stamps[row] ?? null;
      }
      if (chunk === undefined) return null;
    }
  }

  /** Goes through what happened after a revision. */
  after(revision: Revision): JournalReader {
    const chunk = this.firstChunkAfter(revision);
    const row = firstAfter(this.chunks[chunk]?.versions ?? [], revision);
    return new JournalReader(this.chunks, this.passed, {
      chunk,
      row,
      due: firstAfter(this.passed, revision),
    });
  }

  /** Forgets a version that its field has dropped. */
  purge(version: HeldVersion): void {
    // One revision may go on from chunk to chunk.
    let at = this.firstChunkAfter(version.revision - 1);
    while (this.chunks[at] !== undefined && !has(this.chunks[at] as Chunk, version)) at++;
    const chunk = must(this.chunks[at], 'a version that is dropped was written');
    chunk.purged ??= new Set();
    chunk.purged.add(version);
    if (chunk.purged.size * 2 < chunk.versions.length) return;
    const kept: Chunk = { fields: [], versions: [], stamps: [], purged: null };
    for (const [row, each] of chunk.versions.entries()) {
      if (chunk.purged.has(each)) continue;
      kept.fields.push(chunk.fields[row] as FieldVersions);
      kept.versions.push(each);
      kept.stamps.push(chunk.stamps[row] as Stamp);
    }
    if (kept.versions.length > 0) this.chunks[at] = kept;
    else this.chunks.splice(at, 1);
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

  /** Position of the first chunk with anything after `revision`. */
  private firstChunkAfter(revision: Revision): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { versions } = this.chunks[middle] as Chunk;
      const last = versions[versions.length - 1] as HeldVersion;
      if (last.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Place {
  chunk: number;
  row: number;
  due: number;
}

/** A walk through the journal; nothing may happen meanwhile. */
export class JournalReader {
  private readonly chunks: readonly Chunk[];
  private readonly passed: readonly PassedDue[];
  private readonly place: Place;

  constructor(chunks: readonly Chunk[], passed: readonly PassedDue[], place: Place) {
    this.chunks = chunks;
    this.passed = passed;
    this.place = place;
  }

  /** The next revision at which anything happened; null at the end. */
  get revision(): Revision | null {
    const wrote = this.nextVersion()?.revision;
    const passed = this.passed[this.place.due]?.revision;
    if (wrote === undefined || passed === undefined) return wrote ?? passed ?? null;
    return Math.min(wrote, passed);
  }

  /** Tells all of `revision`, the next one: first the instants that it passed, as time moves before anything is written. */
  read(
    revision: Revision,
    onDue: (due: PassedDue) => void,
    onVersion: (field: FieldVersions, version: HeldVersion) => void,
  ): void {
    const { chunks, passed, place } = this;
    for (; passed[place.due]?.revision === revision; place.due++)
      onDue(passed[place.due] as PassedDue);
    for (
      let version = this.nextVersion();
      version?.revision === revision;
      version = this.nextVersion()
    ) {
      onVersion(chunks[place.chunk]?.fields[place.row] as FieldVersions, version);
      place.row++;
    }
  }

  /** Moves on to the next version that was not purged. */
  private nextVersion(): HeldVersion | undefined {
    const { chunks, place } = this;
    for (;;) {
      const chunk = chunks[place.chunk];
      const version = chunk?.versions[place.row];
      if (chunk === undefined) return undefined;
      if (version !== undefined && chunk.purged?.has(version) !== true) return version;
      if (version !== undefined) place.row++;
      else {
        place.chunk++;
        place.row = 0;
      }
    }
  }
}

/** Found by its place: (revision, op) rises. */
function has({ versions }: Chunk, version: HeldVersion): boolean {
  for (let row = firstAfter(versions, version.revision - 1); ; row++) {
    const each = versions[row];
    if (each === version) return true;
    if (each?.revision !== version.revision) return false;
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
