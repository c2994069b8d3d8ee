/** What was applied and is not saved yet, entry by entry: a save is always cut between entries. */
import { cellName } from './cell-name.ts';
import { NOTHING_FORGOTTEN } from './compaction.ts';
import type { Forgotten } from './compaction.ts';
import { hexOf } from './hash.ts';
import type {
  Cell,
  FieldFloor,
  KvChanges,
  Mark,
  Retention,
  Revision,
  SessionRow,
  Stamp,
  Version,
} from './types.ts';

/** What one entry changed, and what stood after it. */
export interface EntryChanges {
  readonly revision: Revision;
  readonly stamp: Stamp;
  readonly hash: readonly [high: number, low: number];
  readonly sessionClock: number;
  readonly retention: Retention;
  readonly versions: readonly Version[];
  readonly forgotten: Forgotten;
  readonly session: SessionRow | null;
  readonly droppedSessions: readonly string[];
}

export class PendingChanges {
  private entries: EntryChanges[] = [];

  /** Entries that wait. */
  get count(): number {
    return this.entries.length;
  }

  add(entry: EntryChanges): void {
    this.entries.push(entry);
  }

  /** All that waited is saved another way. */
  clear(): void {
    this.entries = [];
  }

  /** Those of the oldest `maxEntries` entries; null when there are none. */
  take(maxEntries: number): KvChanges | null {
    const taken = this.entries.splice(0, maxEntries);
    const last = taken[taken.length - 1];
    if (last === undefined) return null;
    const versions: Version[] = [];
    const dropped: Pick<Version, 'revision' | 'op'>[] = [];
    const marks: Mark[] = [];
    const floors = new Latest<FieldFloor, Cell>();
    const sessions = new Latest<SessionRow, string>();
    for (const entry of taken) {
      const { revision, stamp, versions: written, forgotten, session } = entry;
      if (written.length === 0) marks.push({ revision, stamp });
      for (const version of written) versions.push(version);
      for (const client of entry.droppedSessions) sessions.drop(client, client);
      if (session !== null) sessions.put(session.client, session);
      if (forgotten === NOTHING_FORGOTTEN) continue;
      for (const version of forgotten.versions) dropped.push(version);
      for (const mark of forgotten.marks) marks.push(mark);
      for (const floor of forgotten.floors) floors.put(cellName(floor), floor);
      for (const cell of forgotten.droppedFloors) floors.drop(cellName(cell), cell);
    }
    // Those of what was forgotten are older.
    if (dropped.length > 0) marks.sort((a, b) => a.revision - b.revision);
    return {
      lastApplied: last.revision,
      lastStamp: last.stamp,
      stateHash: hexOf(...last.hash),
      sessionClock: last.sessionClock,
      retention: last.retention,
      versions,
      dropped,
      marks,
      floors: floors.rows,
      droppedFloors: floors.dropped,
      sessions: sessions.rows,
      droppedSessions: sessions.dropped,
    };
  }
}

/** What came last of each name: a row, or its end. */
class Latest<Row, End> {
  private readonly latest = new Map<string, Row>();
  private readonly ended = new Map<string, End>();

  get rows(): readonly Row[] {
    return [...this.latest.values()];
  }

  get dropped(): readonly End[] {
    return [...this.ended.values()];
  }

  put(name: string, row: Row): void {
    if (this.ended.size > 0) this.ended.delete(name);
    this.latest.set(name, row);
  }

  drop(name: string, end: End): void {
    this.latest.delete(name);
    this.ended.set(name, end);
  }
}
