/**
 * A disk as it may be found after a loss of power. What was synchronised is
 * there. Of the rest each piece may be there or not, whatever came before or
 * after it; a write may be there in some of its sectors alone. A name in the
 * folder is as uncertain as data until the folder is synchronised, and a file
 * that has no name is gone with all that is in it. These are the promises of
 * POSIX and no more: journalled file systems keep more than this.
 */
import { assert, must } from '../../server/base/assert.ts';
import type { DataChange, DiskEvent, FileId, NameChange } from './disk-events.ts';

/** What a disk writes whole or not at all, bytes. */
export const SECTOR_BYTES = 512;

/** What has not been synchronised. */
export type Pending = DataChange | NameChange;

/** What becomes of one: all of it, nothing, or of a write these sectors of the file, by number. */
export type Fate = 'kept' | 'lost' | ReadonlySet<number>;

export class Disk {
  /** What is there for certain, with names or without. */
  private readonly data = new Map<FileId, Buffer>();
  private names = new Map<string, FileId>();
  private waiting: Pending[] = [];

  /** In the order in which they were asked for. */
  get pending(): readonly Pending[] {
    return this.waiting;
  }

  handle(event: DiskEvent): void {
    switch (event.type) {
      case 'mark':
        return;
      case 'sync': {
        const isOf = (change: Pending): change is DataChange =>
          isData(change) && change.file === event.file;
        this.data.set(event.file, this.contentOf(event.file, this.waiting.filter(isOf)));
        this.waiting = this.waiting.filter((change) => !isOf(change));
        return;
      }
      case 'syncNames':
        this.names = named(this.names, this.waiting.filter(isName));
        this.waiting = this.waiting.filter(isData);
        return;
      case 'write':
        // What writes nothing makes no file longer either.
        if (event.bytes.length > 0) this.waiting.push(event);
        return;
      default:
        this.waiting.push(event);
    }
  }

  /** The files that are found when this becomes of what is pending. */
  files(fates: readonly Fate[]): ReadonlyMap<string, Buffer> {
    assert(fates.length === this.waiting.length, 'something becomes of each');
    const kept: DataChange[] = [];
    const renamed: NameChange[] = [];
    for (const [at, change] of this.waiting.entries()) {
      const fate = must(fates[at], 'as many as there are');
      if (fate === 'lost') continue;
      if (isName(change)) renamed.push(change);
      else if (fate === 'kept') kept.push(change);
      else kept.push(...sectorsOf(change, fate));
    }
    const names = named(this.names, renamed);
    return new Map(
      [...names]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, file]) => [
          name,
          this.contentOf(
            file,
            kept.filter((change) => change.file === file),
          ),
        ]),
    );
  }

  private contentOf(file: FileId, changes: readonly DataChange[]): Buffer {
    const before = this.data.get(file) ?? EMPTY;
    if (changes.length === 0) return before;
    let size = before.length;
    let most = size;
    for (const change of changes) {
      size = change.type === 'resize' ? change.size : Math.max(size, endOf(change));
      most = Math.max(most, size);
    }
    const content = Buffer.alloc(most);
    before.copy(content);
    let end = before.length;
    for (const change of changes) {
      if (change.type === 'write') {
        change.bytes.copy(content, change.at);
        end = Math.max(end, endOf(change));
      } else {
        // What lies beyond an end is zeros when the file grows again.
        if (change.size < end) content.fill(0, change.size, end);
        end = change.size;
      }
    }
    return content.subarray(0, end);
  }
}

const EMPTY = Buffer.alloc(0);

/** Numbers of the sectors that it touches. */
export function sectorNumbers({ at, bytes }: { at: number; bytes: Buffer }): readonly number[] {
  if (bytes.length === 0) return [];
  const first = Math.floor(at / SECTOR_BYTES);
  const last = Math.floor((at + bytes.length - 1) / SECTOR_BYTES);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function sectorsOf(change: DataChange, sectors: ReadonlySet<number>): readonly DataChange[] {
  assert(change.type === 'write', 'only a write has sectors');
  const { file, at, bytes } = change;
  return sectorNumbers(change)
    .filter((sector) => sectors.has(sector))
    .map((sector) => {
      const from = Math.max(at, sector * SECTOR_BYTES);
      const to = Math.min(at + bytes.length, (sector + 1) * SECTOR_BYTES);
      return { type: 'write', file, at: from, bytes: bytes.subarray(from - at, to - at) };
    });
}

function endOf({ at, bytes }: DataChange & { type: 'write' }): number {
  return at + bytes.length;
}

function named(
  before: ReadonlyMap<string, FileId>,
  changes: readonly NameChange[],
): Map<string, FileId> {
  const names = new Map(before);
  for (const change of changes) {
    const { type, name, file } = change;
    if (type === 'create') names.set(name, file);
    else {
      if (names.get(name) === file) names.delete(name);
      if (type === 'rename') names.set(change.to, file);
    }
  }
  return names;
}

export function isName(change: Pending): change is NameChange {
  return change.type === 'create' || change.type === 'unlink' || change.type === 'rename';
}

function isData(change: Pending): change is DataChange {
  return !isName(change);
}
