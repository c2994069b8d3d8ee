/** Another program reads a node's database for long, so that its write-ahead log cannot be put away. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ThreadRuntime } from '../../server/cluster/thread-runtime.ts';
import { Connection } from '../../server/storage/connection.ts';
import { makeDataDir } from '../server.ts';
import { Rig, WITHIN_MS } from './rig.ts';

const SLOW_MACHINE_MS = 3 * WITHIN_MS;
const MIB = 1024 * 1024;
/** Beyond this a log is put away once nobody reads it. */
const KEPT_BYTES = 32 * MIB;
const VALUE = 'x'.repeat(60_000);
/** A machine that is slow costs no leader meanwhile. */
const ELECTION_TIMEOUT_MS = 5000;
const MOST_WRITES = 5000;

let rig: Rig;

beforeAll(async () => {
  rig = await Rig.over(new ThreadRuntime(path.resolve('dist/worker.js')), makeDataDir(), {
    ELECTION_TIMEOUT_MS: String(ELECTION_TIMEOUT_MS),
  });
}, SLOW_MACHINE_MS);
afterAll(() => rig.destroy());

describe('a long reader', { timeout: SLOW_MACHINE_MS }, () => {
  it('[X13] of the leader: writes go on under the same leader, the log that grows is told of, and cut when the reader is gone', async () => {
    const leader = await rig.theLeader();
    const { term } = rig.server.fold.nodeView(leader);
    let written = 0;
    const write = async (): Promise<void> => {
      const from = written;
      written += 8;
      await Promise.all(
        Array.from({ length: 8 }, (_, n) => rig.set('k', `f${from + n}`, `${from + n} ${VALUE}`)),
      );
    };
    await write();
    const reader = await Connection.open(path.join(rig.dataDir, `${leader}.db`));
    try {
      reader.run({ sql: 'BEGIN', parameters: [] });
      reader.numberOf('SELECT count(*) AS "value" FROM "log_entries"', []);
      while (logBytes(leader) < 1.5 * KEPT_BYTES && written < MOST_WRITES) await write();
      expect(rig.server.fold.nodeView(leader)).toMatchObject({ role: 'leader', term });
      await rig.until('it is told', async () => (await walBytes(leader)) >= 1.5 * KEPT_BYTES);
      for (const id of rig.nodes)
        if (id !== leader) expect(logBytes(id)).toBeLessThanOrEqual(KEPT_BYTES);
    } finally {
      await reader.close();
    }
    await rig.until('it is cut', async () => {
      await write();
      return logBytes(leader) <= KEPT_BYTES;
    });
    await rig.until('that is told too', async () => (await walBytes(leader)) <= KEPT_BYTES);
    expect(rig.server.fold.nodeView(leader)).toMatchObject({ role: 'leader', term });
    await rig.heal();
    for (let n = 0; n < written; n++) expect(await rig.get('k', `f${n}`)).toBe(`${n} ${VALUE}`);
  });
});

function logBytes(id: string): number {
  return statSync(path.join(rig.dataDir, `${id}.db-wal`)).size;
}

/** As operators see it. */
async function walBytes(id: string): Promise<number> {
  const answer = await rig.server.fetch('http://chronoraft/metrics');
  const line = new RegExp(`^chronoraft_wal_bytes\\{node="${id}"\\} (\\d+)$`, 'm');
  return Number(line.exec(await answer.text())?.[1]);
}
