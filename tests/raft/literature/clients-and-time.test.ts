/** Bugs of sessions, of outcomes and of stamps that others had: each test builds the schedule in which the bug would show. */
import { describe, expect, test } from 'vitest';
import { encodeCommand } from '../../../server/kv/command.ts';
import { Sessions } from '../../../server/kv/sessions.ts';
import { KvStore } from '../../../server/kv/store.ts';
import type { ApplyResult } from '../../../server/kv/types.ts';
import {
  applyKvChanges,
  emptyDurableState,
  restoredNode,
} from '../../../server/ports/durable-state.ts';
import type { Entry } from '../../../server/raft/types.ts';
import { Network } from '../network.ts';
import { Machines } from './machines.ts';

const THREE = ['n1', 'n2', 'n3'];
const MINUTE_MICROS = 60_000_000;

function others(id: string): string[] {
  return THREE.filter((other) => other !== id);
}

function history(machines: Machines, id: string, field: string): number {
  const result = machines.host(id).kv.query({ type: 'history', key: 'k', field });
  return result.ok && result.answer.type === 'history' ? result.answer.versions.length : -1;
}

describe('clients', () => {
  test('[C33] a write that is sent again to the next leader, and to all at once, is done once and answered alike', () => {
    const machines = new Machines(THREE);
    const old = machines.leader();
    machines.pass(100);
    const session = { client: machines.openSession(old), sequence: 1 };
    // The entry reaches the others; that they have it does not come back.
    for (const other of others(old)) machines.network.cut(other, old);
    const first = machines.write(old, 'once', session);
    machines.pass(1500);
    expect(machines.proposed.get(first)).toMatchObject({ outcome: 'unknown' });
    const next = machines.leader(old);
    const again = machines.write(next, 'once', session);
    const oneMore = machines.write(next, 'once', session);
    machines.pass(50);
    machines.network.heal();
    machines.pass(300);
    machines.crash(next);
    const last = machines.leader(next);
    const much = machines.write(last, 'once', session);
    machines.boot(next);
    machines.pass(300);
    const answers = [again, oneMore, much].map((id) => machines.proposed.get(id));
    const results = answers.map((answer) =>
      answer?.outcome === 'applied' ? answer.result : answer?.outcome,
    );
    expect(results[0]).toMatchObject({ ok: true, outcome: { existed: false } });
    expect(results).toEqual([results[0], results[0], results[0]]);
    for (const id of THREE) expect(history(machines, id, 'once')).toBe(1);
    const hashes = new Set(THREE.map((id) => machines.host(id).kv.stateHash));
    expect(hashes.size).toBe(1);
  });

  test('[C33] a session ends at the same entry on a node that ran on, one that restarted anywhere, and one that got a snapshot', () => {
    let index = 0;
    let stamp = 1_767_225_600_000_000;
    const log: Entry[] = [];
    const add = (data: string, micros: number): void => {
      stamp += micros;
      log.push({ index: ++index, term: 1, stamp, kind: 'command', data });
    };
    const set = (field: string, client: string, sequence: number): string =>
      encodeCommand({ op: 'set', key: 'k', field, value: 'v', session: { client, sequence } });
    const open = (): string => {
      add(encodeCommand({ op: 'session' }), 1);
      return Sessions.nameOf({ index, stamp });
    };
    const [idle, busy] = [open(), open()];
    add(set('a', idle, 1), 1);
    const done = index;
    add(set('b', busy, 1), 1);
    // One entry that is hours late ages nobody by more than a minute.
    for (let i = 0; i < 58; i++) add(set('f', busy, i + 2), i === 3 ? 3e11 : MINUTE_MICROS);
    add(set('a', idle, 1), MINUTE_MICROS);
    const repeated = index;
    for (let i = 0; i < 4; i++) add(set('f', busy, i + 60), MINUTE_MICROS);
    add(set('a', idle, 1), 1);

    const run = (
      restartAt: number,
      bySnapshot = false,
    ): { results: ApplyResult[]; hash: string } => {
      const disk = emptyDurableState({ clusterId: 'c', nodeId: 'n', storeId: 's' }, []);
      let store = KvStore.empty();
      const results = log.map((entry) => {
        const result = store.apply(entry);
        if (entry.index === restartAt) {
          const changes = store.takeChanges(1000);
          if (changes !== null) applyKvChanges(disk, changes);
          const { kv, ...rows } = restoredNode(disk);
          if (bySnapshot) {
            store = KvStore.empty();
            store.installSnapshot(kv, rows, { upTo: 0, positions: [] });
          } else store = KvStore.restore(kv, rows);
        }
        return result;
      });
      return { results, hash: store.stateHash };
    };
    const straight = run(0);
    const answer = (revision: number) => straight.results[revision - 1];
    // Still known at the first repeat, forgotten at the second: it is refused, everywhere.
    expect(answer(done)).toMatchObject({ ok: true, revision: done });
    expect(answer(repeated)).toEqual(answer(done));
    expect(straight.results.at(-1)).toMatchObject({ error: { code: 'SESSION_EXPIRED' } });
    for (let at = 1; at < log.length; at++) {
      expect(run(at)).toEqual(straight);
      expect(run(at, true)).toEqual(straight);
    }
  });

  test.each([true, false])(
    '[C34] a leader that is passed over says "unknown" of what it appended, which may commit later or never (others have it: %s)',
    (copied) => {
      const machines = new Machines(THREE);
      const old = machines.leader();
      machines.pass(100);
      if (copied) for (const other of others(old)) machines.network.cut(other, old);
      else machines.isolate(old);
      const write = machines.write(old, 'fate');
      machines.pass(1500);
      // Told while it is still open: neither done nor not done.
      expect(machines.proposed.get(write)).toMatchObject({ outcome: 'unknown' });
      const after = machines.write(machines.leader(old), 'after');
      machines.network.heal();
      machines.pass(500);
      expect(machines.isAcknowledged(after)).toBe(true);
      for (const id of THREE)
        expect(machines.fields(id)).toEqual(copied ? ['after', 'fate'] : ['after']);
      expect(machines.proposed.get(write)).toMatchObject({ outcome: 'unknown' });
      expect(machines.failures).toEqual([]);
    },
  );

  test('[C34] what a node refuses without appending it never happens', () => {
    const machines = new Machines(THREE);
    const leader = machines.leader();
    const [follower = ''] = others(leader);
    const refused = machines.write(follower, 'never');
    machines.pass(2000);
    expect(machines.proposed.get(refused)).toMatchObject({ outcome: 'dropped' });
    for (const id of THREE) expect(machines.fields(id)).toEqual([]);
  });
});

describe('stamps', () => {
  const UNPROTECTED = () => ({ preVote: false, checkQuorum: false });

  function stamps(net: Network, id: string): number[] {
    return net.node(id).applied.map(({ stamp }) => stamp);
  }

  function expectRising(values: readonly number[]): void {
    expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
  }

  /** Every wall clock is off by `ms` from now on: the next leader reads it when it is elected. */
  function turnWallClocks(net: Network, ms: number): void {
    net.now = { mono: net.now.mono, wall: net.now.wall + ms * 1000 };
  }

  test('[C38] leaders whose clocks are hours apart stamp on from the last entry, never below it', () => {
    const net = new Network(3, { config: UNPROTECTED });
    turnWallClocks(net, 86_400_000);
    for (const [leader, ms] of [
      ['n1', 7_200_000],
      ['n2', -14_400_000],
      ['n3', 60_000],
      ['n1', -80_000_000],
      ['n2', 90_000_000],
    ] as const) {
      turnWallClocks(net, ms);
      net.campaign(leader);
      for (let i = 0; i < 3; i++) net.propose(leader, `of ${leader}`);
      net.advance(30);
    }
    for (const id of THREE) {
      expect(net.commands(id)).toHaveLength(15);
      expectRising(stamps(net, id));
    }
  });

  test('[C38] nor below the stamp of what a snapshot or an empty log goes on from, after a restart too', () => {
    const net = new Network(3, { config: UNPROTECTED });
    turnWallClocks(net, 86_400_000);
    net.campaign('n1');
    net.isolate('n3');
    for (let i = 0; i < 5; i++) net.propose('n1', `e${i}`);
    net.advance(30);
    for (const id of ['n1', 'n2']) net.compact(id);
    net.heal();
    net.advance(100);
    expect(net.node('n3').raft.firstIndex).toBe(7);
    const before = net.node('n1').raft.lastStamp;
    for (const id of THREE) {
      net.crash(id);
      net.restart(id);
    }
    turnWallClocks(net, -86_400_000);
    for (const leader of ['n3', 'n2']) {
      net.campaign(leader);
      net.propose(leader, `of ${leader}`);
      net.advance(30);
    }
    const later = net.node('n3').raft;
    expect(later.entryAt(7).stamp).toBe(before + 1);
    expectRising([7, 8, 9, 10].map((index) => later.entryAt(index).stamp));
  });
});
