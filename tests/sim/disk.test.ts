/** What a simulated disk may do to a node, and what the node may then not do. */
import { expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { Random } from '../../server/base/random.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { Entry } from '../../server/raft/types.ts';
import { StorageError } from '../../server/storage/errors.ts';
import type { StorageErrorCode } from '../../server/storage/errors.ts';
import { Scheduler } from '../../sim/scheduler.ts';
import { SimDisk } from '../../sim/sim-disk.ts';

const KEEP = { install: null, hardState: null, truncateFrom: null, base: null };
const ENTRIES: readonly Entry[] = [1, 2, 3, 4, 5, 6].map((index) => ({
  index,
  term: 1,
  stamp: 1000 + index,
  kind: index === 1 ? 'noop' : 'command',
  data: index === 1 ? '' : encodeCommand({ op: 'set', key: 'k', field: `f${index}`, value: 'v' }),
}));

function newDisk(seed: number) {
  const scheduler = new Scheduler();
  const disk = new SimDisk('n1', ['n1', 'n2', 'n3'], scheduler, Random.fromSeed(seed));
  return { scheduler, disk };
}

/** A disk on which a node has stored six entries, and what the first four came to. */
function usedDisk(seed: number) {
  const { scheduler, disk } = newDisk(seed);
  const { storage } = disk.open(null);
  const kv = KvStore.empty();
  for (const entry of ENTRIES.slice(0, 4)) kv.apply(entry);
  storage.writeLog({ ...KEEP, append: ENTRIES }, () => {});
  storage.saveKv(must(kv.takeChanges(10), 'four entries are applied'), () => {});
  while (scheduler.step(100));
  disk.crash();
  return { scheduler, disk };
}

/** Null when it opens. */
function refusal(disk: SimDisk, storeId: string | null): StorageErrorCode | null {
  try {
    disk.open(storeId);
    return null;
  } catch (error) {
    if (error instanceof StorageError) return error.code;
    throw error;
  }
}

test('[F10] whichever row is damaged or gone, the store is refused; whole, it opens', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const { disk } = usedDisk(seed);
    const { storeId } = disk;
    expect(refusal(disk, storeId), `seed ${seed}`).toBe(null);
    expect(disk.damage(), `seed ${seed}`).toBe(true);
    expect(refusal(disk, storeId), `seed ${seed}`).toBe('corrupt');
  }
});

test('[F10] a damaged row that was cut off since harms nobody', () => {
  const outcomes = new Set<StorageErrorCode | null>();
  for (let seed = 1; seed <= 40; seed++) {
    const { scheduler, disk } = usedDisk(seed);
    const { storage } = disk.open(null);
    disk.damage();
    storage.writeLog({ ...KEEP, truncateFrom: 5, append: [] }, () => {});
    while (scheduler.step(200));
    disk.crash();
    outcomes.add(refusal(disk, null));
  }
  expect(outcomes).toEqual(new Set(['corrupt', null]));
});

test('[F10] a wiped disk is not the one that left: lost to who knew the old, new to who knew none', () => {
  const { disk } = usedDisk(1);
  const { storeId } = disk;
  disk.wipe();
  expect(refusal(disk, storeId)).toBe('lost');
  expect(disk.entryAt(6)).toEqual(ENTRIES[5]);
  expect(disk.open(null).restored.entries).toEqual([]);
});

test('[F10] a disk that cannot be read refuses, and opens once it can be', () => {
  const { scheduler, disk } = usedDisk(1);
  disk.weather.unreadableUntilMs = scheduler.nowMs + 10;
  let struck = 0;
  disk.onStruck.set('disk-unreadable', () => struck++);
  expect(refusal(disk, null)).toBe('unavailable');
  expect(struck).toBe(1);
  while (scheduler.step(scheduler.nowMs + 10));
  expect(refusal(disk, null)).toBe(null);
});

test('[F10] a torn tail keeps some of the writes under way and loses some, each of them whole', () => {
  const lengths = new Set<number>();
  for (let seed = 1; seed <= 40; seed++) {
    const { disk } = newDisk(seed);
    const { storage } = disk.open(null);
    for (const entry of ENTRIES) storage.writeLog({ ...KEEP, append: [entry] }, () => {});
    let struck = 0;
    disk.onStruck.set('torn-tail', () => struck++);
    disk.weather.tearNext = true;
    disk.crash();
    const { entries } = disk.open(null).restored;
    expect(entries, `seed ${seed}`).toEqual(ENTRIES.slice(0, entries.length));
    expect(struck, `seed ${seed}`).toBe(1);
    lengths.add(entries.length);
  }
  expect(lengths).toEqual(new Set([1, 2, 3, 4, 5]));
});
