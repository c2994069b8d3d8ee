/**
 * What every store must do, whatever it stands on. Runs against anything that
 * can open a disk again and again; each test gets a disk of its own. What comes
 * back is compared with the model of server/ports/durable-state.ts.
 */
import { describe, expect, test } from 'vitest';
import { Random } from '../../server/base/random.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { KvChanges, SessionRow, Version } from '../../server/kv/types.ts';
import { versionsOf } from '../../server/kv/version-pack.ts';
import type { LogWrite } from '../../server/ports/node-storage.ts';
import type { Entry, HardState, LogBase } from '../../server/raft/types.ts';
import {
  applyKvChanges,
  applyLogWrite,
  type DurableState,
  EMPTY_HEADER,
  emptyDurableState,
  firstBase,
  restoredNode,
} from '../../server/ports/durable-state.ts';
import { saveKv, writeLog } from './calls.ts';
import type { ContractDisk } from './calls.ts';
import { describeSnapshots } from './contract-snapshots.ts';
import {
  changes,
  EMOJI_AND_NUL,
  entries,
  entry,
  logWrite,
  OWNER,
  session,
  stampOf,
  TEXTS,
  version,
  VOTERS,
} from './rows.ts';

/** The suite. `seed` gives the random writes; it is part of their title. */
export function describeStorage(
  name: string,
  newDisk: () => ContractDisk | Promise<ContractDisk>,
  seed: number,
): void {
  describe(`${name}: the log`, () => {
    test('[P1] a new store is empty, and says whose it is', async () => {
      const { storage, restored } = await (await newDisk()).open();
      expect(restored).toEqual({
        identity: { ...OWNER, storeId: expect.any(String), bootEpoch: 1 },
        hardState: { term: 0, votedFor: null, commit: 0 },
        base: firstBase(VOTERS),
        entries: [],
        kv: EMPTY_HEADER,
        versions: [],
        marks: [],
        floors: [],
        sessions: [],
      });
      expect(KvStore.empty().stateHash).toBe(EMPTY_HEADER.stateHash);
      await storage.close();
    });

    test('[P1] term, vote and entries come back as they were written', async () => {
      const disk = await newDisk();
      const hardState: HardState = { term: 9_999_999_999, votedFor: 'n2', commit: 2 ** 40 };
      const written: Entry[] = [
        { index: 1, term: 1, stamp: 1, kind: 'noop', data: '' },
        { index: 2, term: 1, stamp: Number.MAX_SAFE_INTEGER - 1, kind: 'confChange', data: '{}' },
        { ...entry(3), term: 9_999_999_999, stamp: Number.MAX_SAFE_INTEGER },
      ];
      const { storage } = await disk.open();
      await writeLog(storage, logWrite(written, { hardState }));
      await storage.close();
      const { storage: again, restored } = await disk.open();
      expect(restored.hardState).toEqual(hardState);
      expect(restored.entries).toEqual(written);
      await again.close();
    });

    test('[P1] any text comes back as it was written', async () => {
      const disk = await newDisk();
      const written = TEXTS.map((text, at) => entry(at + 1, text));
      const { storage } = await disk.open();
      await writeLog(storage, logWrite(written));
      await storage.close();
      const { storage: again, restored } = await disk.open();
      expect(restored.entries).toEqual(written);
      await again.close();
    });

    test('[P2] truncation, entries and hard state change together', async () => {
      const disk = await newDisk();
      const { storage } = await disk.open();
      await writeLog(storage, logWrite(entries(1, 5)));
      const hardState = { term: 2, votedFor: 'n3', commit: 1 };
      await writeLog(storage, logWrite(entries(3, 4, 2), { truncateFrom: 3, hardState }));
      await storage.close();
      const { storage: again, restored } = await disk.open();
      expect(restored.entries).toEqual([...entries(1, 2), ...entries(3, 4, 2)]);
      expect(restored.hardState).toEqual(hardState);
      await writeLog(again, logWrite([], { truncateFrom: 1 }));
      await again.close();
      const { storage: third, restored: emptied } = await disk.open();
      expect(emptied.entries).toEqual([]);
      expect(emptied.hardState).toEqual(hardState);
      await third.close();
    });

    test('[P3] writes complete in order, also those handed over at once', async () => {
      const disk = await newDisk();
      const { storage } = await disk.open();
      const order: number[] = [];
      await new Promise<void>((resolve) => {
        for (let i = 1; i <= 50; i++) {
          storage.writeLog(logWrite([entry(i)]), (error) => {
            expect(error).toBeNull();
            order.push(i);
            if (i === 50) resolve();
          });
        }
      });
      expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
      expect(storage.status().writes).toBeLessThan(50);
      await storage.close();
      const { storage: again, restored } = await disk.open();
      expect(restored.entries).toEqual(entries(1, 50));
      await again.close();
    });

    test('[P3] writes handed over at once end as if made one after another', async () => {
      const disk = await newDisk();
      const { storage } = await disk.open();
      await writeLog(storage, logWrite(entries(1, 4)));
      const vote = { term: 2, votedFor: 'n2', commit: 0 };
      await Promise.all([
        writeLog(storage, logWrite(entries(5, 8), { hardState: { ...vote, term: 1 } })),
        writeLog(storage, logWrite(entries(7, 7, 2), { truncateFrom: 7, hardState: vote })),
        writeLog(storage, logWrite([])),
        writeLog(storage, logWrite(entries(8, 9, 2))),
        writeLog(storage, logWrite([], { truncateFrom: 9 })),
        writeLog(storage, logWrite(entries(3, 5, 3), { truncateFrom: 3 })),
        writeLog(storage, logWrite(entries(6, 6, 3))),
      ]);
      await storage.close();
      const { storage: again, restored } = await disk.open();
      expect(restored.entries).toEqual([...entries(1, 2), ...entries(3, 6, 3)]);
      expect(restored.hardState).toEqual(vote);
      await again.close();
    });

    test('[P3] a write that a completion hands over is done too', async () => {
      const disk = await newDisk();
      const { storage } = await disk.open();
      await new Promise<void>((resolve, reject) => {
        storage.writeLog(logWrite([entry(1)]), () =>
          storage.writeLog(logWrite([entry(2)]), (error) =>
            error === null ? resolve() : reject(error),
          ),
        );
      });
      await storage.close();
      const { storage: again, restored } = await disk.open();
      expect(restored.entries).toEqual(entries(1, 2));
      await again.close();
    });

    test('[P3] closing completes what waits, and later writes fail', async () => {
      const disk = await newDisk();
      const { storage } = await disk.open();
      const waiting = writeLog(storage, logWrite([entry(1)]));
      await storage.close();
      await waiting;
      await expect(writeLog(storage, logWrite([entry(2)]))).rejects.toMatchObject({
        code: 'closed',
      });
      const { storage: again, restored } = await disk.open();
      expect(restored.entries).toEqual([entry(1)]);
      await again.close();
    });
  });

  describe(`${name}: the applied state`, () => {
    test('[P4] versions, marks and their revision come back as they were saved', async () => {
      const disk = await newDisk();
      const versions = [
        ...TEXTS.map((text, at) => version(at + 1, { value: text })),
        version(TEXTS.length + 1, { value: null }),
        version(TEXTS.length + 2, { key: '__proto__', field: EMOJI_AND_NUL, expiresAt: 0 }),
        version(TEXTS.length + 3, { key: '\u0000', timestamp: 0, expiresAt: 253_402_300_799_999 }),
        version(TEXTS.length + 3, { op: 1, value: ['', '["a"]', EMOJI_AND_NUL] }),
        version(TEXTS.length + 3, { op: 2, value: [] }),
        version(TEXTS.length + 3, {
          op: 99_999,
          key: '😀'.repeat(256),
          timestamp: 253_402_300_799_999,
        }),
      ];
      const last = TEXTS.length + 4;
      const saved = changes(last, { versions, marks: [{ revision: last, stamp: stampOf(last) }] });
      const { storage } = await disk.open();
      await writeLog(storage, logWrite(entries(1, last)));
      await saveKv(storage, saved);
      await storage.close();
      const { storage: again, restored } = await disk.open();
      expect([...versionsOf(restored.versions)]).toEqual(versions);
      expect(restored.marks).toEqual(saved.marks);
      expect(restored.kv).toEqual({
        lastApplied: last,
        lastStamp: saved.lastStamp,
        stateHash: saved.stateHash,
        sessionClock: saved.sessionClock,
        retention: saved.retention,
      });
      await again.close();
    });

    test('[P4] sessions are replaced, and dropped', async () => {
      const disk = await newDisk();
      const { storage } = await disk.open();
      const odd = session(EMOJI_AND_NUL, Number.MAX_SAFE_INTEGER, 3);
      const refused: SessionRow = {
        ...session('__proto__', 1, 4),
        result: { ok: false, error: { code: 'BAD_COMMAND', message: EMOJI_AND_NUL } },
      };
      await writeLog(storage, logWrite(entries(1, 8)));
      await saveKv(
        storage,
        changes(4, {
          versions: [version(1), version(2), version(3), version(4)],
          sessions: [session('a', 1, 1), session('b', 1, 2), odd, refused],
        }),
      );
      await saveKv(
        storage,
        changes(7, {
          versions: [version(5), version(6), version(7)],
          sessions: [session('a', 2, 5), session('c', 1, 6)],
          droppedSessions: ['b', 'never there'],
        }),
      );
      await storage.close();
      const { storage: again, restored } = await disk.open();
      expect(restored.sessions).toEqual([odd, refused, session('a', 2, 5), session('c', 1, 6)]);
      await saveKv(
        again,
        changes(8, { versions: [version(8)], droppedSessions: [EMOJI_AND_NUL, '__proto__'] }),
      );
      await again.close();
      const { storage: third, restored: later } = await disk.open();
      expect(later.sessions).toEqual([session('a', 2, 5), session('c', 1, 6)]);
      await third.close();
    });

    test('[P4] log writes go before a save that waits', async () => {
      const disk = await newDisk();
      const { storage } = await disk.open();
      await writeLog(storage, logWrite([entry(1)]));
      const order: string[] = [];
      const save = saveKv(storage, changes(1, { versions: [version(1)] }));
      const write = writeLog(storage, logWrite([entry(2)]));
      await Promise.all([
        save.then(() => order.push('save')),
        write.then(() => order.push('write')),
      ]);
      expect(order).toEqual(['write', 'save']);
      await storage.close();
    });

    test(`[P4] a store that was closed and opened between random writes holds what the model holds (seed ${seed})`, async () => {
      const disk = await newDisk();
      const random = Random.fromSeed(seed);
      const model = emptyDurableState({ ...OWNER, storeId: 'model' }, VOTERS);
      let { storage } = await disk.open();
      for (let step = 0; step < 60; step++) {
        const burst: Promise<void>[] = [];
        for (let n = random.nextInt(1, 4); n > 0; n--) {
          const write = randomLogWrite(random, model);
          applyLogWrite(model, write);
          burst.push(writeLog(storage, write));
        }
        const saved = randomChanges(random, model);
        if (saved !== null) {
          applyKvChanges(model, saved);
          burst.push(saveKv(storage, saved));
        }
        await Promise.all(burst);
        if (!random.chance(0.1)) continue;
        await storage.close();
        const reopened = await disk.open();
        storage = reopened.storage;
        const { identity: _, ...held } = reopened.restored;
        const { identity: __, ...expected } = restoredNode(model);
        expect(held).toEqual(expected);
      }
      await storage.close();
    });
  });

  describeSnapshots(name, newDisk);

  describe(`${name}: when things go wrong`, () => {
    test('[P5] each open raises the boot epoch, and the store stays the same store', async () => {
      const disk = await newDisk();
      const first = await disk.open();
      await first.storage.close();
      const second = await disk.open();
      expect(second.restored.identity).toEqual({ ...first.restored.identity, bootEpoch: 2 });
      await second.storage.close();
    });

    test('[P5] a late write of an earlier boot is refused, and changes nothing', async () => {
      const disk = await newDisk();
      const { storage: old } = await disk.open();
      await writeLog(old, logWrite(entries(1, 2)));
      const { storage: present, restored } = await disk.open();
      expect(restored.entries).toEqual(entries(1, 2));
      const vote = { term: 9, votedFor: 'n9', commit: 0 };
      const late = logWrite([entry(2, 'late')], { truncateFrom: 2, hardState: vote });
      await expect(writeLog(old, late)).rejects.toMatchObject({ code: 'fenced' });
      await expect(
        saveKv(old, changes(1, { versions: [version(1, { value: 'late' })] })),
      ).rejects.toMatchObject({ code: 'fenced' });
      await writeLog(present, logWrite([entry(3)]));
      await saveKv(present, changes(1, { versions: [version(1)] }));
      await old.close();
      await present.close();
      const { storage: again, restored: kept } = await disk.open();
      expect(kept.entries).toEqual(entries(1, 3));
      expect(kept.hardState.term).toBe(0);
      expect([...versionsOf(kept.versions)]).toEqual([version(1)]);
      await again.close();
    });

    test('[P6] the disk of another node, or of another cluster, is refused', async () => {
      const disk = await newDisk();
      const { storage } = await disk.open();
      await storage.close();
      await expect(disk.open({ ...OWNER, nodeId: 'n2' })).rejects.toMatchObject({
        code: 'foreign',
      });
      await expect(disk.open({ ...OWNER, clusterId: 'cluster-2' })).rejects.toMatchObject({
        code: 'foreign',
      });
      const { storage: own, restored } = await disk.open();
      expect(restored.identity.bootEpoch).toBe(2);
      await own.close();
    });

    test('[P7] the first failure of a write is final, for all that wait and all that follow', async () => {
      const disk = await newDisk();
      const { storage } = await disk.open();
      await writeLog(storage, logWrite([entry(1)]));
      await disk.fill(storage);
      const large = logWrite([entry(2, 'x'.repeat(100_000))]);
      const failed = { code: 'write-failed' };
      const outcomes = await Promise.allSettled([
        writeLog(storage, large),
        saveKv(storage, changes(1, { versions: [version(1)] })),
      ]);
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: failed });
      }
      await disk.empty(storage);
      await expect(writeLog(storage, logWrite([entry(2)]))).rejects.toMatchObject(failed);
      await expect(saveKv(storage, changes(1, { versions: [version(1)] }))).rejects.toMatchObject(
        failed,
      );
      await storage.close();
      const { storage: again, restored } = await disk.open();
      expect(restored.entries[0]).toEqual(entry(1));
      expect(restored.kv.lastApplied).toBe(0);
      await again.close();
    });

    test('[P8] the status counts writes and times the last one', async () => {
      const { storage } = await (await newDisk()).open();
      expect(storage.status()).toMatchObject({ writes: 0, lastWriteMs: null });
      await writeLog(storage, logWrite([entry(1)]));
      const { writes, lastWriteMs, name: named } = storage.status();
      expect(writes).toBe(1);
      expect(lastWriteMs).toBeGreaterThanOrEqual(0);
      expect(named).not.toContain('/');
      await storage.close();
    });
  });
}

/** A write that a node could make: it truncates nothing that is applied. */
function randomLogWrite(random: Random, state: DurableState): LogWrite {
  const { lastApplied } = state.kv;
  const end = state.base.index + state.entries.length + 1;
  const truncateFrom = random.chance(0.3) ? random.nextInt(lastApplied + 1, end) : null;
  const first = truncateFrom ?? end;
  const term = random.nextInt(1, 1000);
  const append = Array.from({ length: random.nextInt(0, 6) }, (_, i) =>
    entry(first + i, random.pick(TEXTS.slice(0, -1)), term),
  );
  const hardState = random.chance(0.5)
    ? { term, votedFor: random.pick([null, 'n1', 'n2']), commit: lastApplied }
    : null;
  return { install: null, hardState, truncateFrom, append, base: randomBase(random, state) };
}

/** Now and then the log forgets some of what is applied. */
function randomBase(random: Random, { base, entries: held, kv }: DurableState): LogBase | null {
  if (kv.lastApplied === base.index || random.chance(0.8)) return null;
  const index = random.nextInt(base.index + 1, kv.lastApplied);
  const { term, stamp } = held[index - base.index - 1] as Entry;
  return { index, term, stamp, conf: { ...base.conf, learners: [`n${index}`] } };
}

function randomChanges(random: Random, state: DurableState): KvChanges | null {
  const first = state.kv.lastApplied + 1;
  const count = random.nextInt(0, state.base.index + state.entries.length - first + 1);
  if (count === 0) return null;
  const versions: Version[] = [];
  const marks: { revision: number; stamp: number }[] = [];
  for (let revision = first; revision < first + count; revision++) {
    if (random.chance(0.2)) marks.push({ revision, stamp: stampOf(revision) });
    else versions.push(version(revision, { value: random.pick(TEXTS.slice(0, -1)) }));
  }
  const clients = ['a', 'b', '__proto__', EMOJI_AND_NUL];
  const client = random.pick(clients);
  return changes(first + count - 1, {
    versions,
    marks,
    sessions: random.chance(0.5) ? [session(client, first, first + count - 1)] : [],
    droppedSessions: random.chance(0.3) ? clients.filter((other) => other !== client) : [],
  });
}
