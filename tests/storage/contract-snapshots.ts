/** The part of the contract that compaction and snapshots need. */
import { describe, expect, test } from 'vitest';
import { EMPTY_HEADER, encodeSnapshotState, firstBase } from '../../server/ports/durable-state.ts';
import { NO_VERSIONS } from '../../server/ports/version-tally.ts';
import type { LogBase } from '../../server/raft/types.ts';
import { readSnapshot, saveKv, stageRows, writeLog } from './calls.ts';
import type { ContractDisk, OpenedStorage } from './calls.ts';
import { versionsOf } from '../../server/kv/version-pack.ts';
import {
  changes,
  entries,
  entry,
  logWrite,
  session,
  stampOf,
  TEXTS,
  version,
  VOTERS,
} from './rows.ts';

export function describeSnapshots(
  name: string,
  newDisk: () => ContractDisk | Promise<ContractDisk>,
): void {
  describe(`${name}: snapshots`, () => {
    const NO_ROWS = { horizon: 0, versions: [], marks: [] };
    const NOTHING = {
      sessions: [],
      floors: [],
      kept: { upTo: 0, positions: [] },
      tally: NO_VERSIONS,
    };
    const SESSIONS = [session('a', 4, 9), session('b', 2, 30)];

    /** A store whose state reaches revision 30, of which 3, 6, 9 … wrote nothing. */
    async function source(disk?: ContractDisk): Promise<OpenedStorage> {
      const opened = await (disk ?? (await newDisk())).open();
      await writeLog(opened.storage, logWrite(entries(1, 30)));
      const revisions = Array.from({ length: 30 }, (_, i) => i + 1);
      await saveKv(
        opened.storage,
        changes(30, {
          versions: revisions
            .filter((r) => r % 3 > 0)
            .map((r) => version(r, { value: TEXTS[r % 8] ?? '' })),
          marks: revisions
            .filter((r) => r % 3 === 0)
            .map((revision) => ({ revision, stamp: stampOf(revision) })),
          sessions: SESSIONS,
        }),
      );
      return opened;
    }

    test('[D1] what the log forgets is gone after a restart too, and the log goes on from its base', async () => {
      const disk = await newDisk();
      const { storage } = await disk.open();
      await writeLog(storage, logWrite(entries(1, 10)));
      await saveKv(
        storage,
        changes(8, { versions: entries(1, 8).map(({ index }) => version(index)) }),
      );
      const conf = { voters: ['n1', 'n4'], votersOutgoing: ['n1'], learners: ['n5'] };
      const base: LogBase = { index: 7, term: 1, stamp: stampOf(7), conf };
      await writeLog(storage, logWrite([entry(11)], { base }));
      await writeLog(storage, logWrite([entry(12)]));
      await storage.close();
      const { storage: again, restored } = await disk.open();
      expect(restored.base).toEqual(base);
      expect(restored.entries).toEqual(entries(8, 12));
      await again.close();
    });

    test('[D4] the state is read in pieces, from any revision on, and ends with what is no row', async () => {
      const { storage } = await source();
      const piece = await readSnapshot(storage, 10);
      expect(piece.upTo).toBeGreaterThan(10);
      expect(piece.versions.map(({ revision }) => revision)).toEqual(
        Array.from({ length: piece.upTo - 10 }, (_, i) => 11 + i).filter((r) => r % 3 > 0),
      );
      const last = await readSnapshot(storage, 30);
      expect(last).toMatchObject({ upTo: 30, versions: [], marks: [] });
      expect(last.end?.kv.lastApplied).toBe(30);
      expect([...(last.end?.sessions ?? [])]).toEqual(SESSIONS);
      await storage.close();
    });

    test('[D6] staged rows are kept through a restart, do not count before they are installed, and then are the state', async () => {
      const from = await source();
      const disk = await newDisk();
      let { storage } = await disk.open();
      await writeLog(storage, logWrite(entries(1, 4)));
      await saveKv(
        storage,
        changes(2, { versions: [version(1), version(2, { value: TEXTS[2] ?? '' })] }),
      );
      expect(await stageRows(storage, -1, { ...NO_ROWS, upTo: 0 })).toBe(2);
      // What does not follow on what is there, or has a hole, is not taken.
      expect(await stageRows(storage, 5, { ...NO_ROWS, upTo: 6, versions: [version(6)] })).toBe(2);
      for (let after = 2; after < 20; ) {
        const piece = await readSnapshot(from.storage, after);
        after = await stageRows(storage, after, piece);
        expect(after).toBe(piece.upTo);
      }
      await storage.close();
      const reopened = await disk.open();
      ({ storage } = reopened);
      expect(reopened.restored.kv.lastApplied).toBe(2);
      expect([...versionsOf(reopened.restored.versions)].map(({ revision }) => revision)).toEqual([
        1, 2,
      ]);
      // Applying went on by the log meanwhile: the same rows come a second time.
      await saveKv(
        storage,
        changes(4, { versions: [version(4)], marks: [{ revision: 3, stamp: stampOf(3) }] }),
      );
      let reached = await stageRows(storage, -1, { ...NO_ROWS, upTo: 0 });
      expect(reached).toBeGreaterThanOrEqual(20);
      while (reached < 30)
        reached = await stageRows(storage, reached, await readSnapshot(from.storage, reached));
      const { end } = await readSnapshot(from.storage, 30);
      if (end === null) throw new Error('the state ends at 30');
      const base: LogBase = {
        index: 30,
        term: 1,
        stamp: stampOf(30),
        conf: { ...firstBase(VOTERS).conf, learners: ['n9'] },
      };
      const state = encodeSnapshotState(end.kv, end);
      const next = entry(31, 'after', 7);
      const hardState = { term: 7, votedFor: null, commit: 30 };
      await writeLog(storage, logWrite([next], { install: { base, state }, hardState }));
      await storage.close();

      const { storage: last, restored } = await disk.open();
      expect(restored).toMatchObject({ base, hardState, entries: [next] });
      expect(restored.kv).toEqual(end.kv);
      expect(restored.sessions).toEqual(SESSIONS);
      expect([...versionsOf(restored.versions)]).toHaveLength(20);
      expect(restored.marks).toHaveLength(10);
      await last.close();
      await from.storage.close();
    });

    /** Of the versions at `source`, some are forgotten: up to the horizon 10 all but that of 7, and 14 for its number. */
    const FORGOTTEN = {
      dropped: [1, 2, 4, 5, 8, 10, 14].map((revision) => ({ revision, op: 0 })),
      marks: [14, 31].map((revision) => ({ revision, stamp: stampOf(revision) })),
      floors: [
        { key: 'k', field: '', oldest: { timestamp: 9, revision: 7, op: 1 } },
        { key: 'gone', field: 'f', oldest: { timestamp: 1, revision: 1, op: 0 } },
      ],
      retention: {
        policy: { maxAgeMs: 5, maxVersions: 7 },
        horizon: { revision: 10, stamp: stampOf(10) },
        counted: 20,
        trimmed: 20,
        watchable: { revision: 20, stamp: stampOf(20) },
      },
    };
    const KEPT = [7, 11, 13, 16, 17, 19, 20, 22, 23, 25, 26, 28, 29];

    async function forgetful(disk: ContractDisk): Promise<OpenedStorage> {
      const { storage, restored } = await source(disk);
      await writeLog(storage, logWrite(entries(31, 32)));
      await saveKv(storage, changes(31, FORGOTTEN));
      await saveKv(
        storage,
        changes(32, {
          marks: [{ revision: 32, stamp: stampOf(32) }],
          floors: [{ key: 'k', field: '', oldest: { timestamp: 11, revision: 8, op: 0 } }],
          droppedFloors: [{ key: 'gone', field: 'f' }],
          retention: FORGOTTEN.retention,
        }),
      );
      return { storage, restored };
    }

    const FLOORS = [{ key: 'k', field: '', oldest: { timestamp: 11, revision: 8, op: 0 } }];

    test('[T17] what is forgotten is gone after a restart too, with its marks, and floors move', async () => {
      const disk = await newDisk();
      const { storage } = await forgetful(disk);
      await storage.close();
      const { storage: again, restored } = await disk.open();
      expect(restored.kv.retention).toEqual(FORGOTTEN.retention);
      expect([...versionsOf(restored.versions)].map(({ revision }) => revision)).toEqual(KEPT);
      expect(restored.marks.map(({ revision }) => revision)).toEqual([
        12, 14, 15, 18, 21, 24, 27, 30, 31, 32,
      ]);
      expect(restored.floors).toEqual(FLOORS);
      await again.close();
    });

    test('[T17] a snapshot takes away what was forgotten while the node was away', async () => {
      const from = await forgetful(await newDisk());
      const disk = await newDisk();
      const { storage } = await disk.open();
      await writeLog(storage, logWrite(entries(1, 14)));
      const revisions = entries(1, 14).map(({ index }) => index);
      await saveKv(
        storage,
        changes(14, {
          versions: revisions.filter((r) => r % 3 > 0).map((r) => version(r)),
          marks: [3, 6, 9, 12].map((revision) => ({ revision, stamp: stampOf(revision) })),
          floors: [{ key: 'gone', field: 'f', oldest: { timestamp: 1, revision: 1, op: 0 } }],
        }),
      );
      let reached = 14;
      while (reached < 32)
        reached = await stageRows(storage, reached, await readSnapshot(from.storage, reached));
      const { end } = await readSnapshot(from.storage, 32);
      if (end === null) throw new Error('the state ends at 32');
      expect(end.kept).toEqual({ upTo: 20, positions: KEPT.slice(0, 7).map((r) => r * 2 ** 17) });
      const base: LogBase = { ...firstBase(VOTERS), index: 32, term: 1, stamp: stampOf(32) };
      const install = { base, state: encodeSnapshotState(end.kv, end) };
      await writeLog(storage, logWrite([], { install }));
      await storage.close();
      await from.storage.close();

      const { storage: again, restored } = await disk.open();
      expect(restored.kv).toEqual(end.kv);
      expect([...versionsOf(restored.versions)].map(({ revision }) => revision)).toEqual(KEPT);
      expect(restored.marks.map(({ revision }) => revision)).toEqual([
        12, 14, 15, 18, 21, 24, 27, 30, 31, 32,
      ]);
      expect(restored.floors).toEqual(FLOORS);
      await again.close();
    });

    test('[D6] a snapshot whose rows are not all there is refused', async () => {
      const { storage } = await (await newDisk()).open();
      const base: LogBase = { ...firstBase(VOTERS), index: 3, term: 1, stamp: stampOf(3) };
      const install = { base, state: encodeSnapshotState(EMPTY_HEADER, NOTHING) };
      await expect(writeLog(storage, logWrite([], { install }))).rejects.toThrow();
      await storage.close();
    });

    test('[D6] what was to be saved before a snapshot does not come after it', async () => {
      const from = await source();
      const disk = await newDisk();
      const { storage } = await disk.open();
      await writeLog(storage, logWrite(entries(1, 2)));
      for (let reached = 0; reached < 30; )
        reached = await stageRows(storage, reached, await readSnapshot(from.storage, reached));
      const { end } = await readSnapshot(from.storage, 30);
      const base: LogBase = { ...firstBase(VOTERS), index: 30, term: 1, stamp: stampOf(30) };
      const state = encodeSnapshotState(end?.kv ?? EMPTY_HEADER, {
        ...NOTHING,
        tally: end?.tally ?? NO_VERSIONS,
        sessions: SESSIONS,
      });
      await Promise.all([
        saveKv(
          storage,
          changes(2, { versions: [version(1), version(2, { value: TEXTS[2] ?? '' })] }),
        ),
        writeLog(storage, logWrite([], { install: { base, state } })),
      ]);
      await storage.close();
      const { storage: last, restored } = await disk.open();
      expect(restored.kv.lastApplied).toBe(30);
      await last.close();
      await from.storage.close();
    });
  });
}
