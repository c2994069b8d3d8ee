/** Every fault through the HTTP API, on real threads, disks and clocks. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../contracts/kv.ts';
import { NodeActionAnswer } from '../../contracts/control.ts';
import { NO_FAULTS, NodeFaultsAnswer, PartitionAnswer } from '../../contracts/faults.ts';
import { ClusterView, LinkView } from '../../contracts/view.ts';
import type { NodeView } from '../../contracts/view.ts';
import { SetAnswer } from '../../contracts/write.ts';
import { sharedServer } from '../server.ts';
import { Requests } from './requests.ts';

const SLOW_MACHINE_MS = 120_000;
const WITHIN_MS = 60_000;
/** Nodes at work report several times in it. */
const SOME_REPORTS_MS = 300;
const NODES = ['n1', 'n2', 'n3'] as const;

describe('faults over HTTP', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const requests = new Requests(server);

  /** Each test finds a sound world, and a leader that takes writes. */
  afterEach(async () => {
    await requests.ok('POST', '/api/v1/heal');
    for (const { id, state } of await nodes())
      if (state !== 'serving') await requests.ok('POST', `/api/v1/nodes/${id}/revive`);
    await write('after each');
  }, SLOW_MACHINE_MS);

  async function view(): Promise<ClusterView> {
    return ClusterView.parse(await requests.ok('GET', '/api/v1/cluster'));
  }

  async function nodes(): Promise<readonly NodeView[]> {
    return (await view()).nodes;
  }

  async function node(id: string): Promise<NodeView> {
    const found = (await nodes()).find((candidate) => candidate.id === id);
    if (found === undefined) throw new Error(`there is no ${id}`);
    return found;
  }

  async function write(value: string): Promise<SetAnswer> {
    return SetAnswer.parse(await requests.ok('PUT', '/api/v1/kv/faults/x', { value }));
  }

  async function fault(
    method: string,
    id: string,
    action: string,
    body?: unknown,
  ): Promise<NodeFaultsAnswer> {
    const answer = await requests.ok(method, `/api/v1/nodes/${id}/${action}`, body);
    return NodeFaultsAnswer.parse(answer);
  }

  /** Asks again, as fast as answers come, until it is so. */
  async function until<T>(ask: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
    const deadlineMs = performance.now() + WITHIN_MS;
    for (;;) {
      const found = await ask();
      if (isSo(found)) return found;
      if (performance.now() > deadlineMs)
        throw new Error(`not so in time: ${JSON.stringify(found)}`);
    }
  }

  async function leader(): Promise<string> {
    const found = await until(nodes, (all) => leadersOf(all).length === 1);
    return leadersOf(found)[0] ?? '';
  }

  const leaderTold = (): string | undefined => leadersOf(server.fold.view(0).nodes).at(0);

  async function follower(): Promise<string> {
    const leading = await leader();
    return NODES.find((id) => id !== leading) ?? '';
  }

  async function told(): Promise<readonly string[]> {
    return (await view()).events.map(({ text }) => text);
  }

  /** Once others report and write for a while, and of it there is not a report, and so not a vote; gives its last. */
  async function silence(paused: string): Promise<NodeView> {
    for (;;) {
      const last = await node(paused);
      const newest = ({ nodes: all }: ClusterView): number =>
        Math.max(...all.map(({ reportedAtMs }) => reportedAtMs));
      const sinceMs = newest(await view());
      await until(
        async () => {
          await write('while it stands still');
          return newest(await view());
        },
        (ms) => ms > sinceMs + SOME_REPORTS_MS,
      );
      const now = await node(paused);
      expect(now.state).toBe('serving');
      // A thread that was late finishes what it was at, and then stands still.
      if (now.reportedAtMs === last.reportedAtMs && now.term === last.term) return now;
    }
  }

  const cuts = (links: readonly LinkView[]): readonly string[] =>
    links.filter(({ cut }) => cut).map(({ from, to }) => `${from}>${to}`);

  it('[H24] a link is set one way or both, as a whole or in parts', async () => {
    const slow = { delayMs: 40, jitterMs: 10, reorder: 0.5 };
    await requests.ok('PUT', '/api/v1/links/n1/n2', { ...slow, both: true });
    expect(
      LinkView.parse(await requests.ok('PATCH', '/api/v1/links/n1/n2', { cut: true })),
    ).toMatchObject({ from: 'n1', to: 'n2', cut: true, ...slow });
    const { links } = await view();
    expect(
      links
        .filter(({ delayMs }) => delayMs === 40)
        .map(({ from, to }) => `${from}>${to}`)
        .sort(),
    ).toEqual(['n1>n2', 'n2>n1']);
    expect(cuts(links)).toEqual(['n1>n2']);
    await requests.ok('PATCH', '/api/v1/links/n2/n1', { cut: false, delayMs: 0, both: true });
    expect((await view()).links.find(({ from }) => from === 'n2')).toMatchObject({
      cut: false,
      delayMs: 0,
      jitterMs: 10,
    });
    expect(await told()).toEqual(
      expect.arrayContaining([
        'The link from n1 to n2: delay 40 to 50 ms, loss 0 %, doubled 0 %, swapped 50 %',
        'The link from n1 to n2 is cut',
        'The link from n1 to n2 is whole again',
      ]),
    );
  });

  it('[H24] a partition cuts every link between its groups and no other part, or nothing at all', async () => {
    await requests.ok('PUT', '/api/v1/links/n2/n3', { delayMs: 3 });
    const bad = (groups: unknown) => requests.problem('POST', '/api/v1/partition', { groups });
    expect(await bad([['n1'], ['n2', 'n9']])).toMatchObject({
      code: 'NODE_UNKNOWN',
      path: 'body.groups.1.1',
    });
    expect(await bad([['n1'], ['n2', 'n1']])).toMatchObject({
      code: 'BAD_REQUEST',
      path: 'body.groups.1.1',
    });
    expect(await bad([['n1']])).toMatchObject({ code: 'BAD_REQUEST', path: 'body.groups' });
    expect(await bad([['n1'], []])).toMatchObject({ path: 'body.groups.1' });
    expect(cuts((await view()).links)).toEqual([]);
    const groups = [['n1'], ['n2', 'n3']];
    expect(
      PartitionAnswer.parse(await requests.ok('POST', '/api/v1/partition', { groups })),
    ).toEqual({ groups });
    const { links } = await view();
    expect([...cuts(links)].sort()).toEqual(['n1>n2', 'n1>n3', 'n2>n1', 'n3>n1']);
    expect(links.find(({ from, to }) => from === 'n2' && to === 'n3')?.delayMs).toBe(3);
    // The side with a quorum goes on.
    await until(nodes, (all) => leadersOf(all).some((id) => id !== 'n1'));
    await write('on the greater side');
  });

  it('[K23] a paused leader runs nothing and another is elected; it goes on when the time is over, or before', async () => {
    const old = await leader();
    const answer = await fault('POST', old, 'pause', { forMs: 600_000 });
    expect(answer.faults.pausedUntilMs).toBeGreaterThan(Date.now());
    await until(nodes, (all) => leadersOf(all).some((id) => id !== old));
    const { reportedAtMs, term } = await silence(old);
    expect((await fault('POST', old, 'resume')).faults).toEqual(NO_FAULTS);
    const { revision } = await write('when it runs again');
    await until(
      () => node(old),
      (found) => found.term > term && found.lastApplied >= revision,
    );
    await fault('POST', old, 'pause', { forMs: 200 });
    await until(
      () => node(old),
      (found) => found.faults.pausedUntilMs === null,
    );
    await until(
      () => node(old),
      (found) => found.reportedAtMs > reportedAtMs,
    );
    expect(await told()).toEqual(
      expect.arrayContaining([`${old} is paused: it stands still`, `${old} runs again`]),
    );
  });

  it('[K23] a paused node can be killed, which ends the pause', async () => {
    const id = await follower();
    await fault('POST', id, 'pause', { forMs: 600_000 });
    const killed = NodeActionAnswer.parse(await requests.ok('POST', `/api/v1/nodes/${id}/kill`));
    expect(killed.state).toBe('down');
    expect((await node(id)).faults).toEqual(NO_FAULTS);
    await requests.ok('POST', `/api/v1/nodes/${id}/revive`);
  });

  it('[K24] on a slow disk each durable write takes so much longer, also after a restart of the node, until it is healed', async () => {
    const delayMs = 150;
    for (const id of NODES) await fault('PUT', id, 'disk', { delayMs });
    await requests.ok('POST', '/api/v1/nodes/n3/kill');
    expect((await node('n3')).faults.diskDelayMs).toBe(delayMs);
    await requests.ok('POST', '/api/v1/nodes/n3/revive');
    await write('settled');
    const startedMs = performance.now();
    await write('slowly');
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(delayMs);
    const { metrics } = await until(view, ({ metrics }) =>
      metrics.some(({ persistP50Ms }) => (persistP50Ms ?? 0) >= delayMs),
    );
    expect(metrics.length).toBeGreaterThan(0);
    await requests.ok('POST', '/api/v1/heal');
    expect((await nodes()).map(({ faults }) => faults)).toEqual([NO_FAULTS, NO_FAULTS, NO_FAULTS]);
  });

  it('[K25] a node on a full disk stops itself and says why; with room again it comes back', async () => {
    const id = await follower();
    expect((await fault('PUT', id, 'disk', { full: true })).faults.diskFull).toBe(true);
    for (let i = 0; i < 4; i++) await write(`${i}`.repeat(LIMITS.valueBytes / 2));
    const failed = await until(
      () => node(id),
      ({ state }) => state === 'failed',
    );
    expect(failed.reason).toContain('database or disk is full (SQLITE_FULL)');
    expect(failed.faults.diskFull).toBe(true);
    const { revision } = await write('without it');
    await fault('PUT', id, 'disk', {});
    await requests.ok('POST', `/api/v1/nodes/${id}/revive`);
    await until(
      () => node(id),
      ({ state, lastApplied }) => state === 'serving' && lastApplied >= revision,
    );
    expect(await told()).toContain(`${id}’s disk has room again`);
  });

  it('[K26] a node whose clock is ahead dates writes ahead once it leads, and time never goes back when it is right again', async () => {
    const id = await follower();
    const aheadMs = 60_000;
    await fault('PUT', id, 'clock', { offsetMs: aheadMs });
    await requests.ok('POST', `/api/v1/nodes/${id}/kill`);
    await requests.ok('POST', `/api/v1/nodes/${id}/revive`);
    expect((await node(id)).faults.clockOffsetMs).toBe(aheadMs);
    // It may be deposed at any time, on a busy machine.
    const ahead = await until(
      async () => {
        if (leaderTold() !== id) await requests.call('POST', `/api/v1/nodes/${id}/lead`);
        return write('from ahead');
      },
      ({ timestamp }) => timestamp > Date.now() + aheadMs / 2,
    );
    await requests.ok('POST', '/api/v1/heal');
    expect((await write('right again')).stamp).toBeGreaterThan(ahead.stamp);
    expect(await told()).toEqual(
      expect.arrayContaining([`${id}’s clock is 60000 ms ahead`, `${id}’s clock is right again`]),
    );
  });

  it('[K26] with a follower whose clocks run twice as fast the cluster goes on', async () => {
    const id = await follower();
    await fault('PUT', id, 'clock', { drift: 1000 });
    await write('with a fast follower');
    expect((await node(id)).faults.clockDrift).toBe(1000);
    expect(await told()).toContain(`${id}’s clock runs 100 % too fast`);
  });

  it('[H25] a fault that cannot be is refused, and nothing is done', async () => {
    const refused: readonly [string, string, unknown, object][] = [
      ['POST', 'n9/pause', { forMs: 5 }, { code: 'NODE_UNKNOWN' }],
      ['POST', 'n1/pause', {}, { code: 'BAD_REQUEST', path: 'body.forMs' }],
      ['POST', 'n1/pause', { forMs: 600_001 }, { code: 'BAD_REQUEST', path: 'body.forMs' }],
      ['POST', 'n1/resume', undefined, { code: 'CONFLICT' }],
      ['PUT', 'n1/disk', { delayMs: -1 }, { code: 'BAD_REQUEST', path: 'body.delayMs' }],
      ['PUT', 'n1/disk', { size: 1 }, { code: 'BAD_REQUEST', path: 'body' }],
      ['PUT', 'n1/clock', { drift: -501 }, { code: 'BAD_REQUEST', path: 'body.drift' }],
      ['PUT', 'n1/clock', { offsetMs: 600_001 }, { code: 'BAD_REQUEST', path: 'body.offsetMs' }],
      ['POST', 'n1/wipe', undefined, { status: 409, code: 'CONFLICT' }],
      ['POST', 'n1/wipe', { sure: true }, { code: 'BAD_REQUEST', path: 'body' }],
    ];
    for (const [method, where, body, problem] of refused)
      expect(await requests.problem(method, `/api/v1/nodes/${where}`, body)).toMatchObject(problem);
    for (const [method, where, body, problem] of [
      ['PUT', 'n1/n1', {}, { code: 'BAD_REQUEST', path: 'to' }],
      ['PATCH', 'n1/n9', {}, { code: 'NODE_UNKNOWN', path: 'to' }],
      ['PATCH', 'n1/n2', { reorder: 1.5 }, { code: 'BAD_REQUEST', path: 'body.reorder' }],
    ] as const)
      expect(await requests.problem(method, `/api/v1/links/${where}`, body)).toMatchObject(problem);
    await requests.ok('POST', '/api/v1/nodes/n2/kill');
    expect(await requests.problem('POST', '/api/v1/nodes/n2/pause', { forMs: 5 })).toMatchObject({
      code: 'CONFLICT',
    });
    const { links, nodes: all } = await view();
    expect(all.map(({ faults }) => faults)).toEqual([NO_FAULTS, NO_FAULTS, NO_FAULTS]);
    expect(cuts(links)).toEqual([]);
  });

  it('[H26] one request heals links, pauses, disks and clocks, and revives nobody', async () => {
    await requests.ok('POST', '/api/v1/nodes/n1/kill');
    await fault('POST', 'n2', 'pause', { forMs: 600_000 });
    await fault('PUT', 'n2', 'disk', { delayMs: 5, full: true });
    await fault('PUT', 'n3', 'clock', { offsetMs: -100, drift: 10 });
    await requests.ok('PUT', '/api/v1/links/n1/n3', { loss: 0.5 });
    await requests.ok('POST', '/api/v1/heal');
    const { nodes: all, links } = await view();
    expect(all.map(({ faults }) => faults)).toEqual([NO_FAULTS, NO_FAULTS, NO_FAULTS]);
    expect(links.every(({ loss }) => loss === 0)).toBe(true);
    expect(all.map(({ state }) => state)).toEqual(['down', 'serving', 'serving']);
  });

  it('[H75] a node that stood still goes on in a world that is sound by then', async () => {
    const { supervisor } = server;
    const id = await follower();
    await fault('POST', id, 'pause', { forMs: 600_000 });
    await fault('PUT', id, 'disk', { full: true });
    await fault('PUT', id, 'clock', { offsetMs: -100 });
    const resume = supervisor.resume.bind(supervisor);
    const met: NodeView['faults'][] = [];
    const spy = vi.spyOn(supervisor, 'resume').mockImplementation((node) => {
      if (node === id) met.push(supervisor.faults(node));
      return resume(node);
    });
    try {
      await requests.ok('POST', '/api/v1/heal');
    } finally {
      spy.mockRestore();
    }
    expect(met).toEqual([{ ...NO_FAULTS, pausedUntilMs: expect.any(Number) }]);
    const { revision } = await write('with room for it');
    await until(
      () => node(id),
      ({ lastApplied }) => lastApplied >= revision,
    );
    expect((await node(id)).state).toBe('serving');
  });

  it('[K27] the disk of a node that is down can be wiped; it may not come back, and another takes its place', async () => {
    const id = await follower();
    await requests.ok('POST', `/api/v1/nodes/${id}/kill`);
    const answer = await fault('POST', id, 'wipe');
    expect(answer).toMatchObject({ faults: { wiped: true } });
    expect(answer.note).toContain(`/api/v1/members/${id}/replace`);
    for (const part of ['', '-wal', '-shm', '-mark'])
      expect(existsSync(path.join(server.dataDir, `${id}.db${part}`))).toBe(false);
    expect(await requests.problem('POST', `/api/v1/nodes/${id}/revive`)).toMatchObject({
      code: 'NODE_DOWN',
    });
    expect((await node(id)).reason).toContain('replace');
    // Refused while there is no leader, or a change is under way.
    await until(
      () => requests.call('POST', `/api/v1/members/${id}/replace`),
      ({ status }) => status === 200,
    );
    expect((await nodes()).map((found) => found.id)).not.toContain(id);
  });
});

function leadersOf(nodes: readonly NodeView[]): readonly string[] {
  return nodes
    .filter(({ state, role }) => state === 'serving' && role === 'leader')
    .map(({ id }) => id);
}
