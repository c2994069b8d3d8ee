/** The server's main thread stands still for seconds, and its nodes do not. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NodeRuntime } from '../../server/cluster/node-runtime.ts';
import { ProcessRuntime } from '../../server/cluster/process-runtime.ts';
import { ThreadRuntime } from '../../server/cluster/thread-runtime.ts';
import type { EventKind } from '../../contracts/view.ts';
import { makeDataDir } from '../server.ts';
import { Rig, WITHIN_MS } from './rig.ts';

const SLOW_MACHINE_MS = 3 * WITHIN_MS;
/** Longer than any node waits for a leader: up to twice the time-out. */
const STALL_MS = 5000;
/** A machine that is slow costs no leader meanwhile. */
const ELECTION_TIMEOUT_MS = 2000;
const WRITES = 50;
const OF_ELECTIONS: readonly EventKind[] = [
  'election-timeout',
  'candidate',
  'leader-elected',
  'stepped-down',
  'quorum-lost',
];

const RUNTIMES: Readonly<Record<string, () => NodeRuntime>> = {
  threads: () => new ThreadRuntime(path.resolve('dist/worker.js')),
  processes: () => new ProcessRuntime({ file: path.resolve('dist/node-process.js') }),
};

describe('a main thread that stands still', { timeout: SLOW_MACHINE_MS }, () => {
  it('[X10] with nodes as threads and as processes: they keep their leader and its term, and what was under way is answered', async () => {
    const rigs: Rig[] = [];
    try {
      const after: (() => Promise<void>)[] = [];
      for (const [as, runtime] of Object.entries(RUNTIMES)) {
        const rig = await Rig.over(runtime(), makeDataDir(), {
          ELECTION_TIMEOUT_MS: String(ELECTION_TIMEOUT_MS),
        });
        rigs.push(rig);
        await rig.set('before', 'x', 'y');
        after.push(await begun(as, rig));
      }
      // What was written is with the leaders; nothing of their answers has been seen.
      await new Promise((resolve) => setImmediate(resolve));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS);
      for (const check of after) await check();
    } finally {
      for (const rig of rigs) await rig.destroy();
    }
  });
});

/** Writes begin; the answer looks, after the stall, at what became of them and of the leader. */
async function begun(as: string, rig: Rig): Promise<() => Promise<void>> {
  const leader = await rig.theLeader();
  const { fold } = rig.server;
  const { term } = fold.nodeView(leader);
  const since = fold.view(0).events.at(-1)?.seq ?? 0;
  const written = Array.from({ length: WRITES }, (_, n) => rig.set('under way', `f${n}`, 'y'));
  return async () => {
    const stoodTo = Date.now();
    await Promise.all(written);
    await rig.until('each node has told of the time after it', () =>
      rig.nodes.every((id) => fold.nodeView(id).reportedAtMs > stoodTo),
    );
    for (const id of rig.nodes)
      expect(fold.nodeView(id), as).toMatchObject({ state: 'serving', leader, term });
    const ofElections = fold
      .view(0)
      .events.filter(({ seq, kind }) => seq > since && OF_ELECTIONS.includes(kind));
    expect(ofElections, as).toEqual([]);
    for (let n = 0; n < WRITES; n++) expect(await rig.get('under way', `f${n}`)).toBe('y');
    await rig.heal();
  };
}
