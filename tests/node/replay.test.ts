/**
 * What a real node did can be done again: three hosts on real clocks, real
 * databases and real ports, every input of their cores written down, and each
 * core run a second time on what was written.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { Random } from '../../server/base/random.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import { NodeHost, raftConfig } from '../../server/node/node-host.ts';
import { RealClock } from '../../server/node/real-clock.ts';
import type { RestoredNode } from '../../server/ports/node-storage.ts';
import { Raft } from '../../server/raft/raft.ts';
import type { Effect, Input, Instant } from '../../server/raft/types.ts';
import { openPrismaStorage } from '../../server/storage/prisma-storage.ts';
import { LineMesh } from '../../server/transport/line-mesh.ts';

const IDS = ['n1', 'n2', 'n3'];
const TIMING = { heartbeatIntervalMs: 20, electionTimeoutMs: 200, leaseMs: 0 };
const WRITES = 300;

type Call = { readonly at: Instant; readonly input: Input } | { readonly effects: string };

afterEach(() => {
  vi.restoreAllMocks();
});

test('[R19] the inputs of a real node, written down and given again, have the same effects', async () => {
  const calls = new Map<Raft, Call[]>();
  record(calls);
  const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-replay-'));
  const nodes = await Promise.all(IDS.map((id, i) => startNode(id, i + 1, folder)));
  join(nodes);
  for (const { host } of nodes) host.start();
  await writeThrough(nodes);
  for (const { host, mesh } of nodes) {
    host.stop();
    mesh.close();
  }
  await Promise.all(nodes.map(({ storage }) => storage.close()));
  rmSync(folder, { recursive: true, force: true });
  vi.restoreAllMocks();

  for (const { id, seed, host, restored, born } of nodes) {
    const recorded = must(calls.get(host.raft), 'the core was heard');
    expect(recorded.length).toBeGreaterThan(WRITES);
    const again = new Raft(
      raftConfig({ id, timing: TIMING }),
      {
        hardState: restored.hardState,
        base: restored.base,
        entries: restored.entries,
        lastApplied: restored.kv.lastApplied,
      },
      Random.fromSeed(seed),
      born,
    );
    for (const call of recorded) {
      if ('input' in call) again.step(call.at, call.input);
      else expect(JSON.stringify(again.drain())).toBe(call.effects);
    }
    expect(again.status()).toEqual(host.status());
  }
});

/** Hears every core that is made from now on. */
function record(calls: Map<Raft, Call[]>): void {
  const { step, drain } = Raft.prototype;
  const note = (raft: Raft, call: Call): void => {
    const list = calls.get(raft) ?? [];
    list.push(call);
    calls.set(raft, list);
  };
  vi.spyOn(Raft.prototype, 'step').mockImplementation(function (this: Raft, at, input) {
    note(this, { at, input: structuredClone(input) });
    step.call(this, at, input);
  });
  vi.spyOn(Raft.prototype, 'drain').mockImplementation(function (this: Raft) {
    const effects: Effect[] = drain.call(this);
    note(this, { effects: JSON.stringify(effects) });
    return effects;
  });
}

class NotingClock extends RealClock {
  /** The first instant that anyone asked for: the core's birth. */
  born: Instant | null = null;

  override now(): Instant {
    const now = super.now();
    this.born ??= now;
    return now;
  }
}

async function startNode(id: string, seed: number, folder: string) {
  const { storage, restored } = await openPrismaStorage({
    file: path.join(folder, `${id}.db`),
    migrationsDir: path.resolve('prisma/migrations'),
    clusterId: 'replay',
    nodeId: id,
    voters: IDS,
    storeId: null,
  });
  const clock = new NotingClock();
  const mesh = new LineMesh(clock, seed, () => {});
  const proposed: string[] = [];
  const host = new NodeHost({
    id,
    timing: TIMING,
    seed,
    clock,
    transport: mesh,
    storage,
    restored,
    onProposed: (_id, { outcome }) => proposed.push(outcome),
    onRead: () => {},
    onTrace: () => {},
    onFailed: (reason) => {
      throw new Error(reason);
    },
  });
  return {
    id,
    seed,
    host,
    mesh,
    storage,
    proposed,
    restored: restored satisfies RestoredNode,
    born: must(clock.born, 'a core is born at some time'),
  };
}

type RealNode = Awaited<ReturnType<typeof startNode>>;

function join(nodes: readonly RealNode[]): void {
  for (const [i, a] of nodes.entries()) {
    for (const b of nodes.slice(i + 1)) {
      const { port1, port2 } = new MessageChannel();
      a.mesh.connect(b.id, port1);
      b.mesh.connect(a.id, port2);
    }
  }
}

/** Writes until enough were applied, through whoever leads. */
async function writeThrough(nodes: readonly RealNode[]): Promise<void> {
  const applied = (): number =>
    nodes.flatMap(({ proposed }) => proposed).filter((outcome) => outcome === 'applied').length;
  for (let id = 1; applied() < WRITES; id++) {
    const leader = nodes.find(({ host }) => host.raft.isEstablishedLeader);
    const data = encodeCommand({ op: 'set', key: `k${id % 7}`, field: 'f', value: String(id) });
    leader?.host.propose([{ id, data }]);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
