/** A node of its own, or three, with ports that a test holds in its hand. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { Random } from '../../server/base/random.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import { packsOf, versionsOf } from '../../server/kv/version-pack.ts';
import type { Proposed, ReadResult } from '../../server/node/control.ts';
import { NodeHost } from '../../server/node/node-host.ts';
import type { RaftEvent } from '../../server/raft/types.ts';
import { Scheduler } from '../../sim/scheduler.ts';
import { SimClock } from '../../sim/sim-clock.ts';
import { SimDisk } from '../../sim/sim-disk.ts';
import { SimNetwork } from '../../sim/sim-network.ts';

const TIMING = { heartbeatIntervalMs: 20, electionTimeoutMs: 200, leaseMs: 0 };

class Bench {
  readonly scheduler = new Scheduler();
  readonly clockErrors = new Map<
    string,
    { rate: number; wallOffsetMs: number; pausedUntilMs: number }
  >();
  readonly network = new SimNetwork(this.scheduler, Random.fromSeed(1));
  readonly disks = new Map<string, SimDisk>();
  readonly hosts = new Map<string, NodeHost>();
  readonly proposed = new Map<number, Proposed>();
  readonly reads = new Map<number, ReadResult>();
  readonly events: { id: string; event: RaftEvent }[] = [];
  readonly failures: string[] = [];

  constructor(ids: readonly string[], timing = TIMING) {
    for (const id of ids) {
      const disk = new SimDisk(id, ids, this.scheduler, Random.fromSeed(2));
      const error = { rate: 1, wallOffsetMs: 0, pausedUntilMs: 0 };
      this.disks.set(id, disk);
      this.clockErrors.set(id, error);
      this.network.join(id, error);
      const { storage, restored } = disk.open(null);
      const host = new NodeHost({
        id,
        timing,
        seed: ids.indexOf(id) + 1,
        clock: new SimClock(this.scheduler, error),
        transport: this.network.endpoint(id),
        storage,
        restored,
        onProposed: (proposal, outcome) => this.proposed.set(proposal, outcome),
        onRead: (read, result) => this.reads.set(read, result),
        onTrace: (event) => this.events.push({ id, event }),
        onFailed: (reason) => this.failures.push(reason),
      });
      this.hosts.set(id, host);
      host.start();
    }
  }

  pass(ms: number): void {
    const until = this.scheduler.nowMs + ms;
    while (this.scheduler.step(until));
  }

  /** The established leader, once there is one. */
  leader(): NodeHost {
    for (let i = 0; i < 100; i++) {
      for (const host of this.hosts.values()) if (host.raft.isEstablishedLeader) return host;
      this.pass(20);
    }
    throw new Error('no leader');
  }

  disk(id: string): SimDisk {
    const disk = this.disks.get(id);
    if (disk === undefined) throw new Error(id);
    return disk;
  }
}

const set = (value: string, ttl?: number): string =>
  encodeCommand({ op: 'set', key: 'k', field: 'f', value, ...(ttl === undefined ? {} : { ttl }) });
const GET = { type: 'get', key: 'k', field: 'f' } as const;

describe('node', () => {
  test('[N3] a proposal is answered when it is applied, and a read sees it', () => {
    const bench = new Bench(['n1', 'n2', 'n3']);
    const leader = bench.leader();
    leader.propose([{ id: 1, data: set('one') }]);
    bench.pass(50);
    expect(bench.proposed.get(1)).toMatchObject({ outcome: 'applied', result: { ok: true } });
    leader.read([{ id: 2, query: GET, level: 'linearizable' }]);
    bench.pass(50);
    expect(bench.reads.get(2)).toMatchObject({
      outcome: 'answered',
      result: { answer: { found: { value: 'one' } } },
    });
  });

  test('[N3] when its storage fails it answers all that wait, truthfully, says why, and does nothing more', () => {
    const bench = new Bench(['n1', 'n2', 'n3']);
    const leader = bench.leader();
    const { id } = leader.status();
    leader.propose([{ id: 1, data: set('one') }]);
    leader.read([{ id: 2, query: GET, level: 'linearizable' }]);
    bench.disk(id).weather.failNext = true;
    bench.pass(5);
    expect(bench.failures).toEqual([expect.stringContaining('the disk failed')]);
    expect(bench.proposed.get(1)).toMatchObject({ outcome: 'unknown' });
    expect(bench.reads.get(2)).toBeDefined();
    const sent = bench.events.length;
    leader.propose([{ id: 3, data: set('two') }]);
    bench.pass(5);
    expect(bench.proposed.has(3)).toBe(false);
    expect(bench.events.slice(sent).filter((told) => told.id === id)).toEqual([]);
  });

  test('[W1] a follow is answered at once with what was applied after its revision, and else when there is something', () => {
    const bench = new Bench(['n1', 'n2', 'n3']);
    const leader = bench.leader();
    const follower = [...bench.hosts.values()].find((host) => host !== leader) as NodeHost;
    const changes = (after: number) => ({ type: 'changes', after, limit: 10 }) as const;
    leader.propose([{ id: 1, data: set('one') }]);
    bench.pass(50);
    const at = leader.kv.lastApplied;
    for (const host of [leader, follower]) {
      host.follow(2, changes(at - 1));
      expect(bench.reads.get(2)).toMatchObject({
        result: { answer: { batches: [{ revision: at }], through: at } },
      });
      bench.reads.delete(2);
    }
    leader.follow(3, changes(at));
    // It may be asked for what it has not come to yet.
    follower.follow(4, changes(at + 1));
    bench.pass(50);
    expect([bench.reads.has(3), bench.reads.has(4)]).toEqual([false, false]);
    leader.propose([{ id: 5, data: set('two') }]);
    bench.pass(50);
    expect(bench.reads.get(3)).toMatchObject({ result: { answer: { through: at + 1 } } });
    expect(bench.reads.has(4)).toBe(false);
    leader.propose([{ id: 6, data: set('three') }]);
    bench.pass(50);
    expect(bench.reads.get(4)).toMatchObject({
      result: { answer: { batches: [{ revision: at + 2 }], through: at + 2 } },
    });
  });

  test('[W1] one follow waits at a time: a later one ends it, and so does a failure of the node', () => {
    const bench = new Bench(['n1', 'n2', 'n3']);
    const leader = bench.leader();
    bench.pass(50);
    const query = { type: 'changes', after: leader.kv.lastApplied, limit: 10 } as const;
    leader.follow(1, query);
    leader.follow(2, query);
    expect(bench.reads.get(1)).toMatchObject({ outcome: 'failed', reason: 'replaced' });
    expect(bench.reads.has(2)).toBe(false);
    bench.disk(leader.status().id).weather.failNext = true;
    leader.propose([{ id: 3, data: set('one') }]);
    bench.pass(5);
    expect(bench.reads.get(2)).toMatchObject({ outcome: 'failed', reason: 'halted' });
  });

  describe('under a lease', () => {
    const LEASE_MS = 150;

    /** The leader has a lease, and has written `one`; its clock is the test's to stop. */
    function withLease() {
      const bench = new Bench(['n1', 'n2', 'n3'], { ...TIMING, leaseMs: LEASE_MS });
      const leader = bench.leader();
      leader.propose([{ id: 1, data: set('one') }]);
      while (!bench.proposed.has(1)) bench.pass(0.1);
      const clockError = bench.clockErrors.get(leader.status().id);
      if (clockError === undefined) throw new Error('a clock');
      return { bench, leader, clockError };
    }

    test('[L11] a read is answered in the turn in which it came', () => {
      const { bench, leader } = withLease();
      leader.read([{ id: 2, query: GET, level: 'linearizable' }]);
      bench.pass(0);
      expect(bench.reads.get(2)).toMatchObject({
        result: { answer: { found: { value: 'one' } } },
      });
    });

    test('[L11] a read during which the lease ran out is confirmed by a quorum before it is answered', () => {
      const { bench, leader, clockError } = withLease();
      leader.read([{ id: 2, query: GET, level: 'linearizable' }]);
      clockError.pausedUntilMs = bench.scheduler.nowMs + LEASE_MS;
      bench.pass(LEASE_MS);
      expect(leader.raft.role).toBe('leader');
      expect(bench.reads.has(2)).toBe(false);
      bench.pass(20);
      expect(bench.reads.get(2)).toMatchObject({
        result: { answer: { found: { value: 'one' } } },
      });
    });

    test('[N24] a read that came just before clocks may differ is confirmed by a quorum, and so are those after', () => {
      const { bench, leader } = withLease();
      leader.read([{ id: 2, query: GET, level: 'linearizable' }]);
      leader.trustLeases(false);
      leader.read([{ id: 3, query: GET, level: 'linearizable' }]);
      bench.pass(0);
      expect([bench.reads.has(2), bench.reads.has(3)]).toEqual([false, false]);
      bench.pass(20);
      for (const id of [2, 3])
        expect(bench.reads.get(id)).toMatchObject({
          result: { answer: { found: { value: 'one' } } },
        });
    });

    test('[N24] once clocks run alike again, only a lease on an entry made since then counts', () => {
      const { bench, leader } = withLease();
      const fromMs = bench.scheduler.nowMs;
      expect(leader.raft.holdsLease(fromMs)).toBe(true);
      leader.trustLeases(false);
      expect(leader.raft.holdsLease(fromMs)).toBe(false);
      leader.trustLeases(true);
      bench.pass(LEASE_MS - 40);
      leader.propose([{ id: 4, data: set('two') }]);
      bench.pass(20);
      expect(bench.proposed.has(4)).toBe(true);
      leader.read([{ id: 5, query: GET, level: 'linearizable' }]);
      bench.pass(0);
      expect(bench.reads.has(5)).toBe(false);
      bench.pass(10);
      expect(bench.reads.has(5)).toBe(true);
      expect(leader.raft.holdsLease(fromMs + LEASE_MS - 1)).toBe(false);
      expect(leader.raft.holdsLease(fromMs + LEASE_MS)).toBe(true);
    });

    test('[L11] after a pause in which another took over, a read under the old lease is not answered', () => {
      const { bench, leader, clockError } = withLease();
      leader.read([{ id: 2, query: GET, level: 'linearizable' }]);
      clockError.pausedUntilMs = bench.scheduler.nowMs + 3000;
      bench.pass(2900);
      const heir = [...bench.hosts.values()].find((host) => host.raft.term > leader.raft.term);
      expect(heir).toBeDefined();
      bench.pass(200);
      expect(bench.reads.get(2)).toMatchObject({ outcome: 'failed', reason: 'not-leader' });
    });
  });

  test('[N4] a pause of the whole machine ends no leadership', () => {
    const bench = new Bench(['n1', 'n2', 'n3']);
    const leader = bench.leader();
    const { id, term } = leader.status();
    bench.pass(200);
    for (let i = 0; i < 5; i++) {
      const until = bench.scheduler.nowMs + 900;
      for (const error of bench.clockErrors.values()) error.pausedUntilMs = until;
      bench.pass(1000);
    }
    expect(bench.leader().status()).toMatchObject({ id, term });
  });

  test('[N4] a leader that alone is paused is replaced', () => {
    const bench = new Bench(['n1', 'n2', 'n3']);
    const { id, term } = bench.leader().status();
    bench.pass(100);
    const error = bench.clockErrors.get(id);
    if (error !== undefined) error.pausedUntilMs = bench.scheduler.nowMs + 3000;
    bench.pass(1500);
    const others = [...bench.hosts.values()].filter((host) => host.status().id !== id);
    expect(others.some((host) => host.raft.isEstablishedLeader && host.raft.term > term)).toBe(
      true,
    );
  });

  test('[N5] what expires is gone soon after, on every node, and then nothing more is logged', () => {
    const bench = new Bench(['n1', 'n2', 'n3']);
    const leader = bench.leader();
    leader.propose([{ id: 1, data: set('short', 500) }]);
    bench.pass(400);
    const values = () =>
      [...bench.hosts.values()].map(({ kv }) => {
        const result = kv.query(GET);
        return result.ok && result.answer.type === 'get' ? (result.answer.found?.value ?? null) : 0;
      });
    expect(values()).toEqual(['short', 'short', 'short']);
    bench.pass(200);
    expect(values()).toEqual([null, null, null]);
    const last = leader.raft.lastIndex;
    bench.pass(5000);
    expect(leader.raft.lastIndex).toBe(last);
  });

  test('[N6] applied state is saved soon, in order, and up to the last', () => {
    const bench = new Bench(['n1']);
    const host = bench.leader();
    for (let i = 0; i < 2500; i++) host.propose([{ id: i, data: set(String(i)) }]);
    bench.pass(2000);
    const { restored } = bench.disk('n1').open(null);
    expect(restored.kv).toMatchObject({
      lastApplied: host.kv.lastApplied,
      stateHash: host.kv.stateHash,
    });
    expect([...versionsOf(restored.versions)]).toHaveLength(2500);
  });
});

test('[P14] what a node read at its start is not kept beside what it made of it', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { host, names } = startedFrom(['a key that was read']);
  // What a turn has looked at stays until its end.
  await new Promise(setImmediate);
  collect();
  expect(names.deref()).toBeUndefined();
  expect(host.kv.lastApplied).toBe(1);
});

/** A node whose store holds a version of each key, all of revision 1; and the list of names that it read. */
function startedFrom(keys: readonly string[]) {
  const scheduler = new Scheduler();
  const error = { rate: 1, wallOffsetMs: 0, pausedUntilMs: 0 };
  const network = new SimNetwork(scheduler, Random.fromSeed(1));
  network.join('n1', error);
  const { storage, restored } = new SimDisk('n1', ['n1'], scheduler, Random.fromSeed(2)).open(null);
  const at = { revision: 1, stamp: 1000 };
  const rest = { ...at, field: 'f', timestamp: 1, value: 'value', expiresAt: null };
  const versions = packsOf(keys.map((key, op) => ({ ...rest, key, op })));
  const host = new NodeHost({
    id: 'n1',
    timing: TIMING,
    seed: 1,
    clock: new SimClock(scheduler, error),
    transport: network.endpoint('n1'),
    storage,
    restored: {
      ...restored,
      base: { ...restored.base, index: 1, term: 1, stamp: 1000 },
      hardState: { term: 1, votedFor: null, commit: 1 },
      kv: { ...restored.kv, lastApplied: 1, lastStamp: 1000 },
      versions,
    },
    onProposed: () => undefined,
    onRead: () => undefined,
    onTrace: () => undefined,
    onFailed: () => undefined,
  });
  return { host, names: new WeakRef(must(versions[0], 'there is a pack').names) };
}
