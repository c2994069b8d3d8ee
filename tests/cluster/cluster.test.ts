/** The service over real threads and databases: what is acknowledged stays, and happens once. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WriteOutcome } from '../../server/cluster/kv-service.ts';
import type { TestServer } from '../server.ts';
import { makeDataDir, startTestServer } from '../server.ts';

/** Whatever is expected happens soon; a machine that is busy with other things may take its time. */
const SLOW_MACHINE_MS = 180_000;
const TIMEOUT_MS = 60_000;
/** What is under way is given so long when the server closes. */
const DRAIN_MS = 3000;

describe.each(['threads', 'processes'])(
  'a cluster of three %s',
  { timeout: SLOW_MACHINE_MS },
  (kind) => {
    let server: TestServer;

    beforeAll(async () => {
      server = await startTestServer(makeDataDir(), { RUN_NODES_AS: kind });
    }, SLOW_MACHINE_MS);
    /** Every test begins with three nodes that hear each other, and a leader. */
    afterEach(async () => {
      server.supervisor.healAll();
      await Promise.all(server.supervisor.nodes.map((id) => server.supervisor.revive(id)));
      mustBeDone(await set('after', 'each', 'test'));
      await until(() => leaders().length === 1);
    }, SLOW_MACHINE_MS);
    afterAll(async () => {
      await server.destroy();
    });

    it('[K1] acknowledges a write that a linearizable read then sees', async () => {
      const written = mustBeDone(await set('a', 'x', '1'));
      expect(await get('a', 'x')).toEqual('1');
      expect(written.leader).toMatch(/^n[123]$/);
      expect(written.term).toBeGreaterThan(0);
    });

    it('[K2] keeps every acknowledged write, once, when the leader is killed in mid-stream', async () => {
      const acknowledged = new Map<string, number>();
      let next = 0;
      const kills: Promise<boolean>[] = [];
      const writer = async (): Promise<void> => {
        while (next < 600) {
          const n = next++;
          if (n === 200) kills.push(leader().then((id) => server.supervisor.kill(id)));
          const done = mustBeDone(await set(`k${n % 20}`, `f${n}`, String(n)));
          acknowledged.set(`k${n % 20}/f${n}`, n);
          expect(done.result.ok).toBe(true);
        }
      };
      await Promise.all(Array.from({ length: 50 }, writer));
      expect(await Promise.all(kills)).toEqual([true]);
      expect(acknowledged.size).toBe(600);
      for (const [cell, n] of acknowledged) {
        const [key = '', field = ''] = cell.split('/');
        expect(await get(key, field)).toBe(String(n));
        expect(await versions(key, field)).toBe(1);
      }
    });

    it('[K3] takes a killed node back from its own database, and it catches up', async () => {
      const [victim = ''] = await followers();
      expect(await server.supervisor.kill(victim)).toBe(true);
      expect(await server.supervisor.kill(victim)).toBe(false);
      const { index } = mustBeDone(await set('a', 'x', 'written while one is down'));
      expect(await server.supervisor.revive(victim)).toBe(true);
      expect(await server.supervisor.revive(victim)).toBe(false);
      await until(() => server.fold.nodeView(victim).lastApplied >= index);
      const local = await server.kv.readLocal(
        victim,
        { type: 'get', key: 'a', field: 'x' },
        TIMEOUT_MS,
      );
      expect(
        local.ok &&
          local.result.ok &&
          local.result.answer.type === 'get' &&
          local.result.answer.found?.value,
      ).toBe('written while one is down');
    });

    it('[K4] waits for a leader, and answers NO_LEADER when no quorum is left and nobody took the write', async () => {
      await server.supervisor.kill(await leader());
      await Promise.all(server.supervisor.nodes.map((id) => server.supervisor.kill(id)));
      expect(
        await server.kv.write({ op: 'set', key: 'c4', field: 'x', value: '1' }, 100),
      ).toMatchObject({
        ok: false,
        code: 'NO_LEADER',
      });
      const waiting = set('c4', 'x', '2');
      await Promise.all(server.supervisor.nodes.map((id) => server.supervisor.revive(id)));
      mustBeDone(await waiting);
      expect(await versions('c4', 'x')).toBe(1);
    });

    it('[K5] never says that a write did not happen which then does', async () => {
      const old = await leader();
      server.supervisor.isolate(old);
      // The cut-off leader takes the write, and nobody can confirm it.
      const outcome = await server.kv.write({ op: 'set', key: 'c5', field: 'x', value: '1' }, 60);
      server.supervisor.reconnect(old);
      mustBeDone(await set('c5', 'y', '2'));
      // Where the machine stood still for an election's time, another may have it already, or nobody.
      if (outcome.ok) expect(outcome.leader, 'of a minority').not.toBe(old);
      else if (outcome.code === 'NO_LEADER') expect(await versions('c5', 'x')).toBe(0);
      else expect(outcome.code).toBe('OUTCOME_UNKNOWN');
      expect(await versions('c5', 'x')).toBeLessThanOrEqual(1);
      if (outcome.ok) expect(await versions('c5', 'x')).toBe(1);
    });

    it('[K6] carries a write from an isolated leader over to the next, once', async () => {
      const old = await leader();
      server.supervisor.isolate(old);
      const done = mustBeDone(await set('c6', 'x', '1'));
      expect(done.leader).not.toBe(old);
      server.supervisor.healAll();
      await until(() => server.fold.nodeView(old).lastApplied >= done.index);
      expect(await versions('c6', 'x')).toBe(1);
    });

    it('[K46] has a read answered by any node that is named, the newest by each, and by none that is cut off', async () => {
      mustBeDone(await set('k46', 'x', '1'));
      const query = { type: 'get', key: 'k46', field: 'x' } as const;
      for (const id of server.supervisor.nodes)
        expect(await server.kv.readThrough(id, query, TIMEOUT_MS)).toMatchObject({
          ok: true,
          node: id,
          result: { answer: { found: { value: '1' } } },
        });
      const old = await leader();
      server.supervisor.isolate(old);
      mustBeDone(await set('k46', 'x', '2'));
      expect(await server.kv.readThrough(old, query, 300)).toMatchObject({ code: 'READ_TIMEOUT' });
    });

    it('[K7] answers what is under way before it stops, takes nothing new, and has everything when it starts again', async () => {
      const askedMs = performance.now();
      const open = Array.from({ length: 100 }, (_, n) => set('c7', `f${n}`, '1'));
      const closed = server.close();
      expect(
        await server.kv.write({ op: 'set', key: 'c7', field: 'late', value: '1' }, 100),
      ).toMatchObject({
        code: 'SHUTTING_DOWN',
      });
      const outcomes = await Promise.all(open);
      // On a machine that stood still for so long it may have given up, and then it says so.
      if (performance.now() - askedMs < DRAIN_MS) outcomes.forEach(mustBeDone);
      await closed;
      server = await startTestServer(server.dataDir, { RUN_NODES_AS: kind });
      for (const [n, { ok }] of outcomes.entries())
        if (ok) expect(await get('c7', `f${n}`)).toBe('1');
      expect(await get('a', 'x')).not.toBeNull();
    });

    function leaders(): readonly string[] {
      return server.fold
        .view(0)
        .nodes.filter((node) => node.state === 'serving' && node.role === 'leader')
        .map(({ id }) => id);
    }

    /** The one that all nodes that serve follow, once there is one. */
    async function leader(): Promise<string> {
      const { fold } = server;
      const serving = () => fold.view(0).nodes.filter(({ state }) => state === 'serving');
      await until(() => {
        const [id, ...others] = leaders();
        return id !== undefined && others.length === 0 && serving().every((n) => n.leader === id);
      });
      return leaders()[0] ?? '';
    }

    async function followers(): Promise<readonly string[]> {
      const leading = await leader();
      return server.supervisor.nodes.filter((id) => id !== leading);
    }

    function set(key: string, field: string, value: string): Promise<WriteOutcome> {
      return server.kv.write({ op: 'set', key, field, value }, TIMEOUT_MS);
    }

    async function get(key: string, field: string): Promise<string | null> {
      const read = await server.kv.read({ type: 'get', key, field }, TIMEOUT_MS);
      if (!read.ok || !read.result.ok || read.result.answer.type !== 'get')
        throw new Error(JSON.stringify(read));
      const { found } = read.result.answer;
      return found === null ? null : String(found.value);
    }

    async function versions(key: string, field: string): Promise<number> {
      const read = await server.kv.read({ type: 'history', key, field }, TIMEOUT_MS);
      if (!read.ok || !read.result.ok || read.result.answer.type !== 'history')
        throw new Error(JSON.stringify(read));
      return read.result.answer.versions.length;
    }

    /** Looks at each report, which come by themselves, until the claim holds. */
    async function until(claim: () => boolean): Promise<void> {
      const deadline = performance.now() + TIMEOUT_MS;
      while (!claim()) {
        if (performance.now() > deadline) throw new Error('it did not come to pass in time');
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  },
);

function mustBeDone(outcome: WriteOutcome): Extract<WriteOutcome, { ok: true }> {
  if (!outcome.ok) throw new Error(outcome.code);
  return outcome;
}
