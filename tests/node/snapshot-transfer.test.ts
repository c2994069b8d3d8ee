/** The end of a snapshot's way: rows from the store into memory, all of them or a node that stops. */
import { describe, expect, it } from 'vitest';
import { KvStore } from '../../server/kv/store.ts';
import { SnapshotTransfer } from '../../server/node/snapshot-transfer.ts';
import { encodeSnapshotState, firstBase } from '../../server/ports/durable-state.ts';
import type { SnapshotPiece } from '../../server/ports/node-storage.ts';
import { MemoryDisk } from '../../server/storage/memory-storage.ts';
import type { MemoryStorage } from '../../server/storage/memory-storage.ts';
import { readSnapshot, saveKv, stageRows, writeLog } from '../storage/calls.ts';
import { changes, entries, logWrite, stampOf, version, VOTERS } from '../storage/rows.ts';

describe('an installed snapshot', () => {
  it('[D6] is loaded, and counted', async () => {
    const { kv, error } = await installed((piece) => piece);
    expect(error).toBeNull();
    expect(kv.lastApplied).toBe(2);
    expect(kv.versionCount).toBe(3);
  });

  it('[D6] of which a row was lost where it came from stops the node', async () => {
    const { error } = await installed((piece) => ({
      ...piece,
      versions: piece.versions.filter(({ op }) => op !== 1),
    }));
    expect(error).toMatchObject({ message: 'the snapshot is not whole: 2 versions of 3' });
  });
});

/** A store of two revisions and three versions, sent to an empty one; `change` is what happens to its rows. */
async function installed(
  change: (piece: SnapshotPiece) => SnapshotPiece,
): Promise<{ readonly kv: KvStore; readonly error: unknown }> {
  const from = open('n1');
  await writeLog(from, logWrite(entries(1, 2)));
  const versions = [version(1), version(2), version(2, { op: 1 })];
  await saveKv(from, changes(2, { versions }));
  const piece = await readSnapshot(from, 0);
  const { end } = await readSnapshot(from, piece.upTo);
  if (end === null) throw new Error('two revisions are one piece');

  const to = open('n2');
  await stageRows(to, 0, change(piece));
  const base = { ...firstBase(VOTERS), index: 2, term: 1, stamp: stampOf(2) };
  const state = encodeSnapshotState(end.kv, end);
  await writeLog(to, logWrite([], { install: { base, state } }));
  const kv = KvStore.empty();
  const error = await new Promise<unknown>((resolve) => {
    const transfer = new SnapshotTransfer(to, kv, {
      input: () => {},
      onLoaded: () => {},
      guarded: (run) => {
        try {
          run();
        } catch (thrown) {
          resolve(thrown);
        }
      },
    });
    transfer.expect();
    transfer.load(() => resolve(null));
  });
  return { kv, error };
}

function open(nodeId: string): MemoryStorage {
  const disk = new MemoryDisk(nodeId);
  return disk.open({ clusterId: 'c', nodeId, voters: VOTERS, defer: setImmediate }).storage;
}
