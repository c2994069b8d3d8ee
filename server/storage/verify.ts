/**
 * Is this store to be believed? Whose it is, whether its rows are what was
 * written, and whether its state is what its log says. Everything that is read
 * at a start passes here, of a simulated disk too; what does not pass stops the
 * node before it votes or answers.
 */
import { must } from '../base/assert.ts';
import type { KvHeader, Mark, Version } from '../kv/types.ts';
import type { VersionPack } from '../kv/version-pack.ts';
import type { StoreIdentity } from '../ports/node-storage.ts';
import { tallyOf } from '../ports/version-tally.ts';
import type { VersionTally } from '../ports/version-tally.ts';
import type { Entry, LogBase, LogIndex } from '../raft/types.ts';
import { entryChecksum, versionChecksum } from './checksum.ts';
import { StorageError } from './errors.ts';

export type Owner = Omit<StoreIdentity, 'bootEpoch'>;

/** The owner that a store must have; any store of that node will do where `storeId` is null. */
export type WantedOwner = Omit<Owner, 'storeId'> & { readonly storeId: string | null };

/** Throws StorageError `foreign`, or `lost` when it is not the store that the node had. */
export function verifyOwner(found: Owner, wanted: WantedOwner): void {
  const { nodeId, clusterId, storeId } = wanted;
  if (found.nodeId !== nodeId) {
    throw new StorageError(
      'foreign',
      `the database belongs to node ${found.nodeId}, not to ${nodeId}`,
    );
  }
  if (storeId !== null && found.storeId !== storeId) throw lostStore(nodeId);
  if (found.clusterId !== clusterId) {
    throw new StorageError(
      'foreign',
      `the database belongs to cluster ${found.clusterId}, not to ${clusterId}`,
    );
  }
}

export function lostStore(nodeId: string): StorageError {
  return new StorageError(
    'lost',
    `this is not the database that ${nodeId} had: what it promised is forgotten, so it may not take part`,
  );
}

/** The row read where `next` should be, after one with checksum `previous`. Throws StorageError `corrupt`. */
export function verifyEntry(
  entry: Entry,
  next: LogIndex,
  previous: number,
  checksum: number,
): void {
  if (entry.index !== next) {
    throw new StorageError('corrupt', `log_entries: row ${next} is missing`);
  }
  if (entryChecksum(entry, previous) !== checksum) {
    throw new StorageError('corrupt', `log_entries: checksum of row ${next} is wrong`);
  }
}

/** Throws StorageError `corrupt`. */
export function verifyVersion(version: Version, checksum: number): void {
  if (versionChecksum(version) !== checksum) throw wrongVersion(version);
}

export function wrongVersion(
  { revision, op }: Pick<Version, 'revision' | 'op'>,
  cause?: unknown,
): StorageError {
  const message = `versions: checksum of revision ${revision} op ${op} is wrong`;
  return new StorageError('corrupt', message, cause);
}

/** Are they the versions that were kept? What is there of each has its checksum. Throws StorageError `corrupt`. */
export function verifyVersions(packs: readonly VersionPack[], kept: VersionTally): void {
  const found = tallyOf(packs);
  if (found.count !== kept.count) {
    throw new StorageError('corrupt', `versions: there are ${found.count} rows of ${kept.count}`);
  }
  if (found.sum !== kept.sum)
    throw new StorageError('corrupt', `versions: of ${found.count} rows, some are not those kept`);
}

/**
 * Checks that the applied state is what the log says: every revision from the
 * horizon to the last applied has rows, and stamps that rise, those of its entries as far as
 * the log reaches back. Throws StorageError `corrupt`.
 */
export function verifyApplied(
  kv: KvHeader,
  base: LogBase,
  entries: readonly Entry[],
  packs: readonly VersionPack[],
  marks: readonly Mark[],
): void {
  const { lastApplied, lastStamp } = kv;
  const lastIndex = base.index + entries.length;
  if (lastApplied > lastIndex || lastApplied < base.index) {
    throw new StorageError(
      'corrupt',
      `applied_state: ${lastApplied} is outside the log, which goes from ${base.index} to ${lastIndex}`,
    );
  }
  // Null for a revision that the log has forgotten.
  const stampOf = (revision: LogIndex): number | null => {
    if (revision > base.index) return entries[revision - base.index - 1]?.stamp ?? null;
    return revision === base.index ? base.stamp : null;
  };
  if (lastStamp !== stampOf(lastApplied)) {
    throw new StorageError('corrupt', `applied_state: its stamp is not that of its last entry`);
  }
  const { horizon } = kv.retention;
  const versions = new PackCursor(packs);
  for (let before = 0; versions.isWithin(horizon.revision); versions.advance()) {
    const { stamp } = versions;
    if (stamp < before || stamp > horizon.stamp)
      throw new StorageError('corrupt', `versions: stamps do not rise up to the horizon`);
    before = stamp;
  }
  let nextMark = 0;
  let before = horizon.stamp;
  for (let revision = horizon.revision + 1; revision <= lastApplied; revision++) {
    const mark = marks[nextMark]?.revision === revision ? marks[nextMark] : undefined;
    if (mark === undefined && !versions.isWithin(revision))
      throw new StorageError('corrupt', `versions: revision ${revision} is missing`);
    const found = mark?.stamp ?? versions.stamp;
    const stamp = stampOf(revision) ?? found;
    if (found !== stamp || stamp <= before)
      throw wrongStamp(mark === undefined ? 'versions' : 'marks', revision);
    before = stamp;
    if (mark !== undefined) nextMark++;
    else
      for (; versions.isWithin(revision); versions.advance())
        if (versions.stamp !== stamp) throw wrongStamp('versions', revision);
  }
}

function wrongStamp(table: string, revision: LogIndex): StorageError {
  return new StorageError(
    'corrupt',
    `${table}: the stamp of revision ${revision} is not its entry's`,
  );
}

/** Goes through packs, a version at a time. */
class PackCursor {
  private readonly packs: readonly VersionPack[];
  private pack = 0;
  private row = 0;

  constructor(packs: readonly VersionPack[]) {
    this.packs = packs;
  }

  /** Is there another version, of a revision up to this one? */
  isWithin(revision: LogIndex): boolean {
    const columns = this.packs[this.pack]?.columns;
    return columns !== undefined && columns.revision(this.row) <= revision;
  }

  get stamp(): number {
    return must(this.packs[this.pack], 'there is another version').columns.stamp(this.row);
  }

  advance(): void {
    this.row++;
    if (this.row < must(this.packs[this.pack], 'there was a version').columns.length) return;
    this.pack++;
    this.row = 0;
  }
}
