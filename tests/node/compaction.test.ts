/** The driver's part of compaction and snapshots, on simulated machines. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../server/base/random.ts';
import { compactionPoint } from '../../server/node/compaction.ts';
import { raftConfig } from '../../server/node/node-host.ts';
import { decodeRows, encodeRows } from '../../server/node/snapshot-rows.ts';
import { firstBase } from '../../server/ports/durable-state.ts';
import { Raft } from '../../server/raft/raft.ts';
import { World } from '../../sim/world.ts';
import { version } from '../storage/rows.ts';

/** A single voter whose log has an entry of so many units for each of `lengths`. */
function raftWith(lengths: readonly number[]): Raft {
  const entries = lengths.map((length, i) => ({
    index: i + 1,
    term: 1,
    stamp: i + 1,
    kind: 'command' as const,
    data: 'x'.repeat(length),
  }));
  const timing = { heartbeatIntervalMs: 10, electionTimeoutMs: 100, leaseMs: 0 };
  return new Raft(
    raftConfig({ id: 'n1', timing }),
    {
      hardState: { term: 1, votedFor: null, commit: 0 },
      base: firstBase(['n1']),
      entries,
      lastApplied: lengths.length,
    },
    Random.fromSeed(1),
    { mono: 0, wall: 0 },
  );
}

describe('compaction', () => {
  const few = Array.from({ length: 25 }, () => 10);

  test('[D10] a log up to twice its tail stays, a longer one shrinks to the tail', () => {
    expect(compactionPoint(raftWith(few.slice(5)), 20, { entries: 10, chars: 1000 })).toBeNull();
    expect(compactionPoint(raftWith(few), 25, { entries: 10, chars: 1000 })).toBe(15);
  });

  test('[D10] large entries shrink the tail, and what is not saved stays', () => {
    expect(compactionPoint(raftWith(few), 25, { entries: 100, chars: 55 })).toBe(20);
    expect(compactionPoint(raftWith(few), 12, { entries: 10, chars: 1000 })).toBe(12);
    expect(compactionPoint(raftWith(few), 0, { entries: 10, chars: 1000 })).toBeNull();
    expect(compactionPoint(raftWith([200]), 1, { entries: 10, chars: 50 })).toBe(1);
  });

  test('[D10] a busy cluster keeps its logs short by itself', () => {
    const world = new World({ seed: 5, nodes: 3, spares: 0, clients: 4 });
    world.runUntil(5000);
    for (const host of world.running()) {
      expect(host.raft.firstIndex).toBeGreaterThan(100);
      expect(host.raft.lastIndex - host.raft.firstIndex).toBeLessThan(150);
    }
  });
});

describe('snapshots', () => {
  test('[D4] a node that was away while logs were compacted has the same state in the end, and its clients’ sessions', () => {
    const world = new World({ seed: 6, nodes: 3, spares: 1, clients: 4 });
    world.runUntil(1000);
    world.faults.inflict({ kind: 'crash', atMs: 1000, forMs: 3000, node: 2, force: 0.5 });
    world.runUntil(6000);
    world.stopClients();
    world.runUntil(8000);
    expect(world.happened.get('snapshotInstalled')).toBeGreaterThan(0);
    const states = world.members().map(({ kv }) => `${kv.lastApplied} ${kv.stateHash}`);
    expect(states).toHaveLength(3);
    expect(new Set(states).size).toBe(1);
  });

  const text = fc.string({ unit: 'binary' });
  const row = fc.record({
    key: text,
    field: text,
    value: fc.option(text),
    timestamp: fc.maxSafeNat(),
    revision: fc.maxSafeNat(),
    expiresAt: fc.option(fc.maxSafeNat()),
  });

  test('[D5] rows come out of their text as they went in, and damage is noticed', () => {
    fc.assert(
      fc.property(fc.array(row), fc.nat(), (rows, at) => {
        const versions = rows.map((part) => version(part.revision, part));
        const marks = [{ revision: 3, stamp: 5 }];
        const sent = encodeRows({ horizon: 2, versions, marks });
        expect(decodeRows(sent)).toEqual({ horizon: 2, versions, marks });
        const place = at % sent.length;
        const other = sent.charCodeAt(place) === 48 ? '1' : '0';
        expect(decodeRows(sent.slice(0, place) + other + sent.slice(place + 1))).toBeNull();
      }),
    );
  });
});
