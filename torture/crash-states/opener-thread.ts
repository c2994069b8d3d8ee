/** A thread that opens crash states, one at a time: files in, what was found out. */
import { must } from '../../server/base/assert.ts';
import { parentPort, workerData } from 'node:worker_threads';
import { Moments } from './found.ts';
import { Opener } from './opener.ts';
import type { OpenRequest } from './opener.ts';
import type { OpenerData } from './opener-pool.ts';
import { makeWorkload } from './workload.ts';

const { folder, migrationsDir, seed, rounds } = workerData as OpenerData;
const port = must(parentPort, 'this runs as a thread');
const opener = new Opener(folder, migrationsDir, new Moments(makeWorkload(seed, rounds)));

port.on('message', (request: OpenRequest) => {
  void opener.open(request).then((opened) => port.postMessage(opened));
});
