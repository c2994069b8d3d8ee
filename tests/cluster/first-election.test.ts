/** A cluster that starts as a whole has a leader without waiting for an election time-out. */
import { describe, expect, it } from 'vitest';
import { FirstElection } from '../../server/cluster/first-election.ts';
import type { FirstReport } from '../../server/cluster/first-election.ts';
import { startTestServer } from '../server.ts';

const SLOW_MACHINE_MS = 180_000;
const ELECTION_TIMEOUT_MS = 100_000;

function report(id: string, lastTerm: number, lastIndex: number, leader?: string): FirstReport {
  return { id, status: { lastTerm, lastIndex, leader: leader ?? null } };
}

function asked(nodes: number, reports: readonly FirstReport[]): readonly string[] {
  const ids: string[] = [];
  const election = new FirstElection(nodes, (id) => ids.push(id));
  for (const each of reports) election.report(each);
  return ids;
}

describe('the first election', () => {
  it('[E16] is asked for once, when a quorum serves', () => {
    expect(asked(3, [report('n1', 1, 9)])).toEqual([]);
    expect(asked(3, [report('n1', 1, 9), report('n1', 1, 9)])).toEqual([]);
    const two = [report('n1', 1, 9), report('n2', 1, 9)];
    expect(asked(3, two)).toEqual(['n1']);
    expect(asked(3, [...two, report('n3', 2, 10), report('n1', 1, 9)])).toEqual(['n1']);
    expect(asked(5, two)).toEqual([]);
    expect(asked(1, [report('n1', 0, 0)])).toEqual(['n1']);
  });

  it('[E16] is for the node whose log reaches furthest: by last term, then by last index', () => {
    expect(asked(3, [report('n1', 1, 9), report('n2', 1, 10)])).toEqual(['n2']);
    expect(asked(3, [report('n1', 2, 3), report('n2', 1, 10)])).toEqual(['n1']);
  });

  it('[E16] is not asked for where somebody leads', () => {
    expect(asked(3, [report('n1', 1, 9, 'n2'), report('n2', 1, 9)])).toEqual([]);
  });

  it('[E16] comes long before any time-out', { timeout: SLOW_MACHINE_MS }, async () => {
    const server = await startTestServer(undefined, {
      ELECTION_TIMEOUT_MS: String(ELECTION_TIMEOUT_MS),
    });
    try {
      const write = { op: 'set', key: 'k', field: 'f', value: 'v' } as const;
      expect(await server.kv.write(write, ELECTION_TIMEOUT_MS / 2)).toMatchObject({ ok: true });
    } finally {
      await server.destroy();
    }
  });
});
