/** The store in memory keeps the contract; a crash of its node loses what had not completed. */
import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../server/storage/memory-storage.ts';
import { describeStorage } from './contract.ts';
import { entry, logWrite, OWNER, VOTERS } from './rows.ts';

describeStorage(
  'memory',
  () => {
    const disk = new MemoryDisk('store-1');
    return {
      open: async (owner = OWNER) => disk.open({ ...owner, voters: VOTERS, defer: queueMicrotask }),
      fill: async () => disk.breakDown('the disk is full'),
      empty: async () => disk.repair(),
    };
  },
  1,
);

describe('memory: a crash', () => {
  test('[P1] what had not completed is lost, and never completes', () => {
    const disk = new MemoryDisk('store-1');
    const turns: (() => void)[] = [];
    const open = () => disk.open({ ...OWNER, voters: VOTERS, defer: (run) => turns.push(run) });
    const { storage } = open();
    const completed: number[] = [];
    storage.writeLog(logWrite([entry(1)]), () => completed.push(1));
    turns.shift()?.();
    storage.writeLog(logWrite([entry(2)]), (error) => {
      if (error === null) completed.push(2);
    });
    const { restored } = open();
    for (const turn of turns) turn();
    expect(completed).toEqual([1]);
    expect(restored.entries).toEqual([entry(1)]);
    expect(open().restored.entries).toEqual([entry(1)]);
  });
});
