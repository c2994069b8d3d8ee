/**
 * A server whose nodes are threads, the leader's with little memory, and writes until that
 * has run out. Says each write that is acknowledged, then how the node ended, and is killed by
 * its own hand; or says nothing more, if the node took the process with it.
 */
import { writeSync } from 'node:fs';
import path from 'node:path';
import { ThreadRuntime } from '../../server/cluster/thread-runtime.ts';
import { readConfig } from '../../server/config.ts';
import { createLogger } from '../../server/logger.ts';
import { startServer } from '../../server/server.ts';
import { FIELDS, HEAP_MB, valueOf } from './small-heap.ts';

const [DATA_DIR = ''] = process.argv.slice(2);
const SMALL = 'n1';
const WITHIN_MS = 60_000;
const MOST_WRITES = 20_000;

function say(word: string): void {
  writeSync(1, `${word}\n`);
}

const { kv, fold, supervisor } = await startServer(
  readConfig({ PORT: '0', PAGE: 'off', DATA_DIR }, path.resolve('.')),
  createLogger('silent'),
  'test',
  null,
  new ThreadRuntime(path.resolve('dist/worker.js'), (node) => (node === SMALL ? HEAP_MB : 1024)),
);
const small = (): ReturnType<typeof fold.nodeView> => fold.nodeView(SMALL);
while (small().role !== 'leader') {
  for (const id of supervisor.nodes)
    if (fold.nodeView(id).role === 'leader') supervisor.node(id).transferLeadership(SMALL);
  await new Promise((resolve) => setTimeout(resolve, 10));
}
say('leads');
for (let n = 0; small().state === 'serving' && n < MOST_WRITES; n += FIELDS) {
  await Promise.all(
    Array.from({ length: FIELDS }, async (_, at) => {
      const write = { op: 'set', key: 'k', field: `f${n + at}`, value: valueOf(n + at) } as const;
      const outcome = await kv.write(write, WITHIN_MS);
      if (outcome.ok) say(`wrote ${n + at}`);
    }),
  );
}
say(`ended ${small().state} ${small().reason}`);
process.kill(process.pid, 'SIGKILL');
