/**
 * The process that is recorded: drives the real store through the workload of a
 * seed, from one of its steps to the end or to the next kill, and says in a file
 * of marks what it asks and what it is told.
 */
import { openSync, writeSync } from 'node:fs';
import { must } from '../../server/base/assert.ts';
import { openPrismaStorage } from '../../server/storage/prisma-storage.ts';
import type { PrismaStorage } from '../../server/storage/prisma-storage.ts';
import type { RestoredNode } from '../../server/ports/node-storage.ts';
import { Moments } from './found.ts';
import { mark } from './progress.ts';
import { openOptions } from './store-options.ts';
import { makeWorkload } from './workload.ts';
import type { Operation, Step } from './workload.ts';

const [seed = '', rounds = '', from = '', folder = '', marksFile = '', migrationsDir = ''] =
  process.argv.slice(2);
const marks = openSync(marksFile, 'a');
let storage: PrismaStorage | null = null;

const workload = makeWorkload(Number(seed), Number(rounds));
const moments = new Moments(workload);
const left = workload.steps.slice(Number(from));
const end = left.findIndex(({ type }) => type === 'stumble');
/** A last start only looks. */
const LAST: readonly Step[] = [{ type: 'open' }, { type: 'close' }];

for (const step of left.length === 0 ? LAST : left.slice(0, end < 0 ? left.length : end))
  await take(step);

async function take(step: Step): Promise<void> {
  switch (step.type) {
    case 'stumble':
      return;
    case 'open': {
      say(mark.opening());
      const opened = await openPrismaStorage(openOptions(folder, migrationsDir, null));
      storage = opened.storage;
      say(mark.opened(opened.restored.identity.storeId));
      sayFound(opened.restored);
      return;
    }
    case 'close':
      await must(storage, 'it was opened').close();
      return;
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      // It does not come at once.
      await new Promise(() => setInterval(() => {}, 1000));
      return;
    case 'do':
      await Promise.all(step.operations.map(run));
  }
}

function run(operation: Operation): Promise<void> {
  const { type, number } = operation;
  const store = must(storage, 'it was opened');
  say(mark.begun(type, number));
  return new Promise((resolve, reject) => {
    const done = (error: Error | null): void => {
      if (error !== null) return reject(error);
      say(mark.done(type, number));
      resolve();
    };
    switch (operation.type) {
      case 'log':
        return store.writeLog(operation.write, done);
      case 'save':
        return store.saveKv(operation.changes, done);
      case 'stage': {
        const { after, rows } = operation;
        return store.stageRows(after, rows, (error, upTo) =>
          done(
            error ??
              (upTo === rows.upTo ? null : new Error(`rows reach ${upTo}, not ${rows.upTo}`)),
          ),
        );
      }
    }
  });
}

/** Whoever starts answers by what it has read: from then on that is as good as acknowledged. */
function sayFound(restored: RestoredNode): void {
  const { logs, applied } = moments.find(restored, 0);
  if (logs.length > 0) say(mark.done('log', Math.min(...logs)));
  if (applied.length > 0) say(mark.done('save', Math.min(...applied)));
}

function say(text: string): void {
  writeSync(marks, `${text}\n`);
}
