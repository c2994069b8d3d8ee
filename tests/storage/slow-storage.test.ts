/** A store on a slow disk keeps the contract; its writes take so much longer, in virtual time. */
import { describe, expect, test } from 'vitest';
import { RealClock } from '../../server/node/real-clock.ts';
import { MemoryDisk } from '../../server/storage/memory-storage.ts';
import { SlowStorage } from '../../server/storage/slow-storage.ts';
import { Scheduler } from '../../sim/scheduler.ts';
import { SimClock } from '../../sim/sim-clock.ts';
import { describeStorage } from './contract.ts';
import { changes, entry, logWrite, OWNER, VOTERS } from './rows.ts';

describeStorage(
  'slow disk',
  () => {
    const disk = new MemoryDisk('store-1');
    return {
      open: async (owner = OWNER) => {
        const { storage, restored } = disk.open({
          ...owner,
          voters: VOTERS,
          defer: queueMicrotask,
        });
        const slow = new SlowStorage(storage, new RealClock(), 1);
        const close = (): Promise<void> => {
          slow.setDelay(0);
          return storage.close();
        };
        return { storage: Object.assign(slow, { close }), restored };
      },
      fill: async () => disk.breakDown('the disk is full'),
      empty: async () => disk.repair(),
    };
  },
  3,
);

describe('a slow disk', () => {
  function slowDisk(delayMs: number) {
    const scheduler = new Scheduler();
    const clock = new SimClock(scheduler, { rate: 1, wallOffsetMs: 0, pausedUntilMs: 0 });
    const { storage } = new MemoryDisk('store-1').open({
      ...OWNER,
      voters: VOTERS,
      defer: (run) => run(),
    });
    const slow = new SlowStorage(storage, clock, delayMs);
    const done: string[] = [];
    const note = (what: string) => (error: Error | null) =>
      done.push(`${what} at ${Math.round(scheduler.nowMs)}${error === null ? '' : ' failed'}`);
    const pass = (untilMs: number): void => {
      scheduler.at(untilMs, () => {});
      while (scheduler.step(untilMs));
    };
    return { slow, done, note, pass };
  }

  test('[N11] each durable write takes so much longer, and their order stays', () => {
    const { slow, done, note, pass } = slowDisk(100);
    slow.writeLog(logWrite([entry(1)]), note('log 1'));
    pass(30);
    slow.saveKv(changes(1, {}), note('save'));
    slow.writeLog(logWrite([entry(2)]), note('log 2'));
    pass(99);
    expect(done).toEqual([]);
    pass(1000);
    expect(done).toEqual(['log 1 at 100', 'save at 130', 'log 2 at 130']);
  });

  test('[N11] a disk that is fast again hands on at once what waits, in order, and reads never wait', () => {
    const { slow, done, note, pass } = slowDisk(100);
    slow.writeLog(logWrite([entry(1)]), note('log 1'));
    slow.readSnapshot(0, (error) => note('read')(error));
    pass(10);
    slow.writeLog(logWrite([entry(2)]), note('log 2'));
    slow.setDelay(0);
    slow.writeLog(logWrite([entry(3)]), note('log 3'));
    expect(done).toEqual(['read at 0', 'log 1 at 10', 'log 2 at 10', 'log 3 at 10']);
    slow.setDelay(50);
    slow.writeLog(logWrite([entry(4)]), note('log 4'));
    pass(1000);
    expect(done.at(-1)).toBe('log 4 at 60');
  });
});
