/**
 * Every version that is kept, in the order in which they were written, and of
 * which field each is. A version is known by its row: a number that rises with
 * (revision, op), and that its field keeps. Rows that were dropped leave holes
 * until there are as many as rows that stay; then these move up, and their
 * fields are told.
 */
import { assert, must } from '../base/assert.ts';
import { lastPositionOf } from '../base/position.ts';
import type { FieldVersions } from './field-versions.ts';
import type { Revision, Stamp, TimestampMs, Version } from './types.ts';
import { HeldVersion, MAX_ROWS, VersionColumns } from './version-columns.ts';

/** Rows of one chunk are `MAX_ROWS * its place` and up. */
export type Row = number;

interface Chunk {
  columns: VersionColumns;
  /** Of each row. */
  fields: FieldVersions[];
  /** 1 for a row that was dropped; null: none was. */
  dropped: Uint8Array | null;
  drops: number;
  /** Position of the last version that was ever here. */
  last: number;
}

/** What full columns become when nothing is left of them: these stay for ever, so they share it. */
const NOTHING = new VersionColumns();
NOTHING.seal();
const NOBODY: FieldVersions[] = [];

export class VersionTable {
  /** By position; those of which all was dropped stay, without rows. */
  private readonly chunks: Chunk[] = [];
  private kept = 0;

  /** Versions that were not dropped. */
  get count(): number {
    return this.kept;
  }

  /** Adds a version that was written after all others. */
  add(version: Version, field: FieldVersions): Row {
    let chunk = this.chunks[this.chunks.length - 1];
    if (chunk === undefined || chunk.columns.isFull) {
      chunk?.columns.seal();
      chunk = this.begin(new VersionColumns());
    }
    chunk.columns.add(version);
    return this.own(chunk, field);
  }

  /** Takes over columns whose versions were written after all others; {@link give} says whose each is. */
  adopt(columns: VersionColumns): void {
    this.chunks[this.chunks.length - 1]?.columns.seal();
    this.begin(columns);
  }

  /** The next row of what was adopted last is that field's. */
  give(field: FieldVersions): Row {
    return this.own(must(this.chunks[this.chunks.length - 1], 'columns were adopted'), field);
  }

  private begin(columns: VersionColumns): Chunk {
    const chunk: Chunk = { columns, fields: [], dropped: null, drops: 0, last: 0 };
    this.chunks.push(chunk);
    return chunk;
  }

  private own(chunk: Chunk, field: FieldVersions): Row {
    const row = chunk.fields.length;
    assert(row < chunk.columns.length, 'a row that is given away is there');
    chunk.fields.push(field);
    this.kept++;
    chunk.last = chunk.columns.position(row);
    return (this.chunks.length - 1) * MAX_ROWS + row;
  }

  // --- one row -------------------------------------------------------------------

  timestamp(row: Row): TimestampMs {
    return this.columnsOf(row).timestamp(row % MAX_ROWS);
  }

  revision(row: Row): Revision {
    return this.columnsOf(row).revision(row % MAX_ROWS);
  }

  position(row: Row): number {
    return this.columnsOf(row).position(row % MAX_ROWS);
  }

  version(row: Row): HeldVersion {
    return new HeldVersion(this.columnsOf(row), row % MAX_ROWS);
  }

  private columnsOf(row: Row): VersionColumns {
    return (this.chunks[Math.floor(row / MAX_ROWS)] as Chunk).columns;
  }

  // --- in order ------------------------------------------------------------------

  /** Stamp of a revision that wrote one of the versions here; null for any other. */
  stampOf(revision: Revision): Stamp | null {
    const next = this.after(revision - 1);
    return next.revision === revision ? next.version.stamp : null;
  }

  /** Stands before the first version that was written after a revision. */
  after(revision: Revision): TableCursor {
    const last = lastPositionOf(revision);
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.chunks[middle] as Chunk).last <= last) low = middle + 1;
      else high = middle;
    }
    return new TableCursor(this.chunks, low, this.chunks[low]?.columns.firstAfter(revision) ?? 0);
  }

  // --- dropping ------------------------------------------------------------------

  /** Forgets versions that their fields have dropped. Rows of others may change: fields know, nobody else does. */
  drop(rows: readonly Row[]): void {
    const touched = new Set<number>();
    this.kept -= rows.length;
    for (const row of rows) {
      const at = Math.floor(row / MAX_ROWS);
      const chunk = this.chunks[at] as Chunk;
      chunk.dropped = roomFor(chunk.dropped, chunk.columns.length);
      chunk.dropped[row % MAX_ROWS] = 1;
      chunk.drops++;
      touched.add(at);
    }
    for (const at of touched) {
      const { drops, columns } = this.chunks[at] as Chunk;
      if (drops * 2 >= columns.length) this.squeeze(at);
    }
  }

  private squeeze(at: number): void {
    const chunk = this.chunks[at] as Chunk;
    const { columns, fields, dropped } = chunk;
    const stays = (row: number): boolean => dropped?.[row] !== 1;
    const first = at * MAX_ROWS;
    const kept = fields.filter((_, row) => stays(row));
    // Found by what stands there now, so before any of it moves.
    const places: number[] = [];
    for (let row = 0; row < fields.length; row++)
      if (stays(row)) places.push((fields[row] as FieldVersions).placeOf(first + row));
    const isOver = kept.length === 0 && columns.isFull;
    chunk.columns = isOver ? NOTHING : columns.filter(stays);
    chunk.fields = isOver ? NOBODY : kept;
    chunk.dropped = null;
    chunk.drops = 0;
    for (const [row, field] of kept.entries()) field.moved(places[row] as number, first + row);
  }
}

/** A walk through the table; nothing may happen meanwhile. */
export class TableCursor {
  private readonly chunks: readonly Chunk[];
  private chunk: number;
  /** Within the chunk. */
  private at: number;

  constructor(chunks: readonly Chunk[], chunk: number, at: number) {
    this.chunks = chunks;
    this.chunk = chunk;
    this.at = at;
    this.skip();
  }

  /** Of the next version; null at the end. */
  get revision(): Revision | null {
    return this.chunks[this.chunk]?.columns.revision(this.at) ?? null;
  }

  get version(): HeldVersion {
    return new HeldVersion(this.here.columns, this.at);
  }

  /** Of the next version. */
  get position(): number {
    return this.here.columns.position(this.at);
  }

  get field(): FieldVersions {
    return this.here.fields[this.at] as FieldVersions;
  }

  get row(): Row {
    return this.chunk * MAX_ROWS + this.at;
  }

  advance(): void {
    this.at++;
    this.skip();
  }

  private get here(): Chunk {
    return must(this.chunks[this.chunk], 'the end was not reached');
  }

  /** On to the next version that was not dropped. */
  private skip(): void {
    for (; this.chunk < this.chunks.length; this.chunk++, this.at = 0) {
      const { columns, dropped } = this.chunks[this.chunk] as Chunk;
      while (this.at < columns.length && dropped?.[this.at] === 1) this.at++;
      if (this.at < columns.length) return;
    }
  }
}

function roomFor(marks: Uint8Array | null, rows: number): Uint8Array {
  if (marks !== null && marks.length >= rows) return marks;
  const more = new Uint8Array(rows);
  if (marks !== null) more.set(marks);
  return more;
}
