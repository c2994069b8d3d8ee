/** The setting reaches the nodes: over real threads, a leader that nobody hears answers under its lease, and not without one. */
import { describe, expect, it } from 'vitest';
import { startTestServer } from '../server.ts';
import type { TestServer } from '../server.ts';

const SLOW_MACHINE_MS = 180_000;
const TIMEOUT_MS = 60_000;
const LONG_MS = '2000';
/** A machine that is busy may take longer than a lease for what lies between a write and a read. */
const TRIES = 10;

/** Writes, cuts the leader off, and asks it: is it answered? The leader is still the leader afterwards. */
async function readsCutOff({ kv, supervisor }: TestServer): Promise<boolean> {
  const written = await kv.write({ op: 'set', key: 'k', field: 'f', value: 'v' }, TIMEOUT_MS);
  if (!written.ok) throw new Error(written.code);
  supervisor.isolate(written.leader);
  const read = await kv.read({ type: 'get', key: 'k', field: 'f' }, 200);
  supervisor.healAll();
  // Where the machine stood still for an election's time, another may have answered.
  return read.ok && read.node === written.leader;
}

async function tries(leaseMs: string, count: number): Promise<boolean> {
  const server = await startTestServer(undefined, {
    ELECTION_TIMEOUT_MS: LONG_MS,
    LEASE_MS: leaseMs,
  });
  try {
    for (let i = 0; i < count; i++) if (await readsCutOff(server)) return true;
    return false;
  } finally {
    await server.destroy();
  }
}

describe('reads of a leader that is cut off', { timeout: SLOW_MACHINE_MS }, () => {
  it('[L8] are answered under the lease that LEASE_MS gives it', async () => {
    expect(await tries(LONG_MS, TRIES)).toBe(true);
  });

  it('[L8] are not answered without', async () => {
    expect(await tries('0', 3)).toBe(false);
  });
});
