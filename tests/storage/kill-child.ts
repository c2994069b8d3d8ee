/**
 * A process that writes until it is killed: opens the store, writes batches
 * with a hard state, saves applied state beside, and prints one line for each
 * write that it was told is durable: "<last index> <term>".
 */
import { writeSync } from 'node:fs';
import { Random } from '../../server/base/random.ts';
import type { KvChanges } from '../../server/kv/types.ts';
import type { LogWrite, NodeStorage } from '../../server/ports/node-storage.ts';
import { openPrismaStorage } from '../../server/storage/prisma-storage.ts';
import { changes, entries, logWrite, OWNER, version, VOTERS } from './rows.ts';

const [, , file = '', migrationsDir = '', seed = ''] = process.argv;
const random = Random.fromSeed(Number(seed));
const { storage, restored } = await openPrismaStorage({
  file,
  migrationsDir,
  voters: VOTERS,
  storeId: null,
  ...OWNER,
});

let last = restored.entries.length;
let term = restored.hardState.term;
let saved = restored.kv.lastApplied;
let saving = false;

for (;;) {
  const append = entries(last + 1, last + random.nextInt(1, 20));
  last += append.length;
  term++;
  const hardState = { term, votedFor: 'n1', commit: last };
  if (!saving && saved < last) save(storage, last - append.length);
  await written(storage, logWrite(append, { hardState }));
  writeSync(1, `${last} ${term}\n`);
}

function written(store: NodeStorage, write: LogWrite): Promise<void> {
  return new Promise((resolve, reject) => {
    store.writeLog(write, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Saves up to `upTo`, which is on the disk already. */
function save(store: NodeStorage, upTo: number): void {
  if (upTo <= saved) return;
  const versions = Array.from({ length: upTo - saved }, (_, i) => version(saved + 1 + i));
  const batch: KvChanges = changes(upTo, { versions });
  saving = true;
  store.saveKv(batch, (error) => {
    if (error !== null) throw error;
    saved = upTo;
    saving = false;
  });
}
