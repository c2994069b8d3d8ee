/**
 * A backup cut into what one entry of the log carries: much less than it may,
 * since every node takes in an entry at once, and between two of them others
 * write.
 */
import { must } from '../base/assert.ts';
import type { BackupHeader } from '../../contracts/backup.ts';
import type { Cell, ImportedField, ImportedVersion, Version } from '../kv/types.ts';
import { roomOf } from '../kv/value.ts';
import type { Chunk } from './read-backup.ts';

const MAX_ROWS = 1000;
/** Of names and values, UTF-16 units, unless a single row has more. */
const MAX_CHARS = 512 * 1024;

/** Collects rows until there are enough. */
class Batch<Row extends Cell & { readonly value: ImportedVersion['value'] }> {
  rows: Row[] = [];
  private chars = 0;

  get isFull(): boolean {
    return this.rows.length >= MAX_ROWS || this.chars >= MAX_CHARS;
  }

  add(row: Row): void {
    const { key, field, value } = row;
    this.rows.push(row);
    this.chars += key.length + field.length + (value === null ? 0 : roomOf(value));
  }

  take(): readonly Row[] {
    const taken = this.rows;
    this.rows = [];
    this.chars = 0;
    return taken;
  }
}

/** Rows for one entry, and how many versions of the file were gone through by then. */
interface Passed {
  readonly passed: number;
}

export interface FieldBatch extends Passed {
  readonly fields: readonly ImportedField[];
  /** Where the range of them ends; null: with all. */
  readonly to: Cell | null;
}

/** What stands in the view of the backup, in order. The last batch, which may have no fields, goes up to the end. */
export async function* standingFields(
  chunks: AsyncIterable<Chunk>,
  header: BackupHeader,
): AsyncGenerator<FieldBatch> {
  const batch = new Batch<ImportedField>();
  let winner: Version | null = null;
  let passed = 0;
  for await (const chunk of chunks) {
    for (const version of chunk) {
      if (winner !== null && !isSameCell(winner, version)) {
        addStanding(batch, winner, header);
        winner = null;
        if (batch.isFull) {
          const fields = batch.take();
          const { key, field } = must(fields[fields.length - 1], 'what is full is not empty');
          yield { fields, to: { key, field }, passed };
        }
      }
      // Versions of a field come in the order in which T1 chooses.
      if (version.timestamp <= header.at) winner = version;
      passed++;
    }
  }
  if (winner !== null) addStanding(batch, winner, header);
  yield { fields: batch.take(), to: null, passed };
}

/** What has so long to live in the view has as long after the restore (T16). */
function addStanding(batch: Batch<ImportedField>, winner: Version, { at }: BackupHeader): void {
  const { key, field, value, expiresAt } = winner;
  if (value === null || (expiresAt !== null && expiresAt <= at)) return;
  batch.add({ key, field, value, ttl: expiresAt === null ? undefined : expiresAt - at });
}

export interface VersionBatch extends Passed {
  readonly versions: readonly ImportedVersion[];
}

/** All versions, in the order of the file, but for the first `skipped`. */
export async function* versionBatches(
  chunks: AsyncIterable<Chunk>,
  skipped: number,
): AsyncGenerator<VersionBatch> {
  const batch = new Batch<ImportedVersion>();
  let passed = 0;
  for await (const chunk of chunks) {
    for (const { key, field, timestamp, value, expiresAt } of chunk) {
      passed++;
      if (passed <= skipped) continue;
      batch.add({ key, field, timestamp, value, expiresAt });
      if (batch.isFull) yield { versions: batch.take(), passed };
    }
  }
  const versions = batch.take();
  if (versions.length > 0) yield { versions, passed };
}

function isSameCell(a: Cell, b: Cell): boolean {
  return a.key === b.key && a.field === b.field;
}
