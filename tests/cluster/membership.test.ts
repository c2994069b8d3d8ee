/** Nodes come and go over HTTP while writes go on: nothing acknowledged is lost, and nothing is done twice. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { MemberAnswer, NodeActionAnswer } from '../../contracts/control.ts';
import { Problem } from '../../contracts/errors.ts';
import { ClusterView } from '../../contracts/view.ts';
import type { TestServer } from '../server.ts';
import { startTestServer } from '../server.ts';

/** Whatever is expected happens soon; a machine that is busy with other things may take its time. */
const SLOW_MACHINE_MS = 180_000;
const TIMEOUT_MS = 60_000;

describe('a cluster whose members change', { timeout: SLOW_MACHINE_MS }, () => {
  let server: TestServer;
  /** Writes that go on, while a test runs at most. */
  let load: Load | null = null;

  beforeEach(async () => {
    server = await startTestServer();
  }, SLOW_MACHINE_MS);
  afterEach(async () => {
    try {
      await load?.end();
    } finally {
      load = null;
      await server.destroy();
    }
  });

  it('[K15] adds a node by a snapshot and the log, while writes go on, and loses none', async () => {
    for (let i = 0; i < 300; i++) await write(`before${i % 10}`, String(i));
    const { index } = await write('before', 'all');
    for (const id of server.supervisor.nodes) {
      // It shortens its log to what it has, and may lead when the new one comes.
      await applied(id, index);
      await act(`nodes/${id}/compact`);
    }
    load = new Load();
    const added = memberAnswer(await post('members'));
    expect(added).toMatchObject({ node: 'n4', voters: ['n1', 'n2', 'n3', 'n4'], quorum: 3 });
    await load.end();
    expect(load.count).toBeGreaterThan(0);
    const node = await converged('n4');
    // The beginning of the log is nowhere any more: it came as a snapshot.
    expect(node.firstIndex).toBeGreaterThan(300);
    for (const [key, value] of load.last) expect(await read(key)).toBe(value);
  });

  it('[K15] a learner stays one until it is given a vote', async () => {
    const added = memberAnswer(await post('members', { as: 'learner' }));
    expect(added).toMatchObject({ voters: ['n1', 'n2', 'n3'], learners: ['n4'], quorum: 2 });
    await act('nodes/n4/kill');
    // Its log may be whole; its vote would only raise the quorum.
    expect(await post('members/n4/promote')).toMatchObject({ code: 'NODE_DOWN' });
    await act('nodes/n4/revive');
    const voter = memberAnswer(await post('members/n4/promote'));
    expect(voter).toMatchObject({ voters: ['n1', 'n2', 'n3', 'n4'], learners: [] });
  });

  it('[K16] what is asked of a node while it is removed is answered as of one that is gone', async () => {
    await post('members', { as: 'learner' });
    let isGone = false;
    const removed = call('DELETE', 'members/n4').finally(() => {
      isGone = true;
    });
    const codes = new Set<string | undefined>();
    const asking: Promise<void>[] = [];
    while (!isGone) {
      for (const what of ['kill', 'revive', 'compact', 'isolate'])
        asking.push(
          post(`nodes/n4/${what}`).then((answer) => {
            codes.add((answer as Partial<Problem>).code);
          }),
        );
      await call('GET', 'nodes/n4');
    }
    expect(memberAnswer(await removed).members).toEqual(['n1', 'n2', 'n3']);
    await Promise.all(asking);
    expect(codes).not.toContain('INTERNAL');
    expect(await post('nodes/n4/kill')).toMatchObject({ code: 'NODE_UNKNOWN' });
  });

  it('[K16] removes the leader, whose place another takes, while writes go on', async () => {
    const leader = await leaderOf();
    load = new Load();
    const gone = memberAnswer(await call('DELETE', `members/${leader}`));
    expect(gone.members).toHaveLength(2);
    expect(gone.voters).not.toContain(leader);
    await load.end();
    expect(await leaderOf()).not.toBe(leader);
    for (const [key, value] of load.last) expect(await read(key)).toBe(value);
    expect(await call('GET', `nodes/${leader}`)).toMatchObject({ code: 'NODE_UNKNOWN' });
    // Nobody gets its name again: an empty disk must not pass for a full one.
    expect(memberAnswer(await post('members')).node).toBe('n4');
  });

  it('[K17] replaces a node in one joint change, and a restart keeps the members', async () => {
    const leader = await leaderOf();
    const old = server.supervisor.nodes.find((id) => id !== leader) ?? '';
    load = new Load();
    const replaced = memberAnswer(await post(`members/${old}/replace`));
    await load.end();
    const expected = [...['n1', 'n2', 'n3'].filter((id) => id !== old), 'n4'];
    expect(replaced).toMatchObject({ node: 'n4', voters: expected, votersOutgoing: [] });
    const { events } = ClusterView.parse(await call('GET', 'cluster'));
    expect(events.some(({ text }) => text.includes('together with n1, n2, n3'))).toBe(true);

    await server.close();
    server = await startTestServer(server.dataDir);
    expect(server.supervisor.nodes).toEqual(expected);
    for (const [key, value] of load.last) expect(await read(key)).toBe(value);
    expect(ClusterView.parse(await call('GET', 'cluster')).voters).toEqual(expected);
    await write('after', 'restart');
  });

  it('[K18] what cannot be changed is refused with the reason, and changes nothing', async () => {
    expect(Problem.parse(await post('members/n1/promote'))).toMatchObject({
      code: 'CONFLICT',
      message: 'n1 has a vote already',
    });
    expect(Problem.parse(await call('DELETE', 'members/n9')).code).toBe('NODE_UNKNOWN');
    expect(Problem.parse(await post('members', { as: 'king' })).code).toBe('BAD_REQUEST');
    // Over two connections: either may come first.
    const answers = await Promise.all([post('members'), post('members')]);
    const refused = answers.filter((answer) => Problem.safeParse(answer).success);
    expect(refused).toMatchObject([
      { code: 'CHANGE_REFUSED', message: 'another change of members is under way' },
    ]);
    expect(memberAnswer(answers.find((answer) => !refused.includes(answer))).node).toBe('n4');
    expect(Problem.parse(await post('nodes/n9/lead')).code).toBe('NODE_UNKNOWN');
    await expect
      .poll(async () => Problem.safeParse(await post(`nodes/${await leaderOf()}/lead`)).data?.code)
      .toBe('CONFLICT');
  });

  it('[K18] the last voter cannot be removed', async () => {
    for (const id of ['n1', 'n2']) memberAnswer(await call('DELETE', `members/${id}`));
    expect(Problem.parse(await call('DELETE', 'members/n3'))).toMatchObject({
      code: 'CHANGE_REFUSED',
      message: 'no voter would be left',
    });
    await write('alone', 'works');
    expect(await read('alone')).toBe('works');
  });

  it('[K19] hands leadership over on request, while writes go on', async () => {
    const leader = await leaderOf();
    load = new Load();
    for (const id of server.supervisor.nodes.filter((other) => other !== leader)) {
      // On a machine that stands still it may be late, and another lead instead.
      await expect
        .poll(async () => {
          const answer = await post(`nodes/${id}/lead`);
          return NodeActionAnswer.safeParse(answer).success ? leaderOf() : answer;
        })
        .toBe(id);
    }
    await load.end();
    for (const [key, value] of load.last) expect(await read(key)).toBe(value);
  });

  it('[K20] shortens a log on request; what it forgot is in the database after a restart', async () => {
    let index = 0;
    for (let i = 0; i < 50; i++) ({ index } = await write(`k${i}`, String(i)));
    // It shortens its log to what it has: the last writes may still be on their way to it.
    await applied('n1', index);
    await act('nodes/n1/compact');
    const { nodes } = ClusterView.parse(await call('GET', 'cluster'));
    expect(nodes.find(({ id }) => id === 'n1')?.firstIndex).toBeGreaterThan(50);
    await act('nodes/n1/kill');
    await act('nodes/n1/revive');
    await converged('n1');
    expect(await read('k7')).toBe('7');
  });

  it('[K16] what a server that died left half done is swept up by the next', async () => {
    const file = path.join(server.dataDir, 'cluster.json');
    await write('kept', 'yes');
    await server.close();
    // A node was noted, and the server died before it was any member.
    const cluster = JSON.parse(readFileSync(file, 'utf8')) as object;
    const members = ['n1', 'n2', 'n3', 'n4'];
    writeFileSync(file, JSON.stringify({ ...cluster, members, lastNode: 4 }));
    server = await startTestServer(server.dataDir);
    expect(server.supervisor.nodes).toEqual(members);
    while (server.supervisor.has('n4')) await call('GET', 'cluster');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ members: ['n1', 'n2', 'n3'] });
    expect(await read('kept')).toBe('yes');
  });

  it('[K15] the data folder knows its members and never uses a name again', async () => {
    memberAnswer(await post('members'));
    memberAnswer(await call('DELETE', 'members/n4'));
    const file = path.join(server.dataDir, 'cluster.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      nodes: ['n1', 'n2', 'n3'],
      members: ['n1', 'n2', 'n3'],
      lastNode: 4,
    });
  });

  it('[C31] a node whose database is gone may not take part, and is replaced', async () => {
    await write('kept', 'yes');
    const leader = await leaderOf();
    const victim = server.supervisor.nodes.find((id) => id !== leader) ?? '';
    await act(`nodes/${victim}/kill`);
    for (const end of ['', '-wal', '-shm'])
      rmSync(path.join(server.dataDir, `${victim}.db${end}`), { force: true });
    expect(Problem.parse(await post(`nodes/${victim}/revive`))).toMatchObject({
      code: 'NODE_DOWN',
      message: expect.stringMatching(`replace ${victim} by a new node`),
    });
    expect(existsSync(path.join(server.dataDir, `${victim}.db`))).toBe(false);
    const { node } = memberAnswer(await post(`members/${victim}/replace`));
    await converged(node);
    expect(await read('kept')).toBe('yes');
  });

  it('[K21] nor does one that was given the database of an earlier cluster of the same folder', async () => {
    const file = path.join(server.dataDir, 'cluster.json');
    await write('kept', 'yes');
    await server.close();
    const cluster = JSON.parse(readFileSync(file, 'utf8')) as { stores: Record<string, string> };
    expect(Object.keys(cluster.stores).sort()).toEqual(['n1', 'n2', 'n3']);
    writeFileSync(
      file,
      JSON.stringify({ ...cluster, stores: { ...cluster.stores, n2: 'another' } }),
    );
    server = await startTestServer(server.dataDir);
    expect(await call('GET', 'nodes/n2')).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching('this is not the database that n2 had'),
    });
    expect(await read('kept')).toBe('yes');
  });

  // --- help -----------------------------------------------------------------

  /** Four writers, each to a key of its own, until it is ended; every write is acknowledged. */
  class Load {
    readonly last = new Map<string, string>();
    count = 0;
    private running = true;
    private readonly writers = ['w1', 'w2', 'w3', 'w4'].map((key) => this.work(key));

    async end(): Promise<void> {
      this.running = false;
      await Promise.all(this.writers);
    }

    private async work(key: string): Promise<void> {
      for (let i = 0; this.running; i++) {
        await write(key, String(i));
        this.last.set(key, String(i));
        this.count++;
      }
    }
  }

  async function write(key: string, value: string): Promise<{ readonly index: number }> {
    const outcome = await server.kv.write({ op: 'set', key, field: 'f', value }, TIMEOUT_MS);
    if (!outcome.ok || !outcome.result.ok) throw new Error(JSON.stringify(outcome));
    return outcome;
  }

  async function applied(id: string, index: number): Promise<void> {
    await expect.poll(() => server.fold.nodeView(id).lastApplied).toBeGreaterThanOrEqual(index);
  }

  async function read(key: string): Promise<string | null> {
    const outcome = await server.kv.read({ type: 'get', key, field: 'f' }, TIMEOUT_MS);
    if (!outcome.ok || !outcome.result.ok) throw new Error(JSON.stringify(outcome));
    const { answer } = outcome.result;
    return answer.type === 'get' && answer.found !== null ? String(answer.found.value) : null;
  }

  /** The node has applied what the leader has, and to the same effect. */
  async function converged(id: string) {
    for (;;) {
      const { nodes } = ClusterView.parse(await call('GET', 'cluster'));
      const node = nodes.find((one) => one.id === id);
      const leader = nodes.find(({ role, state }) => role === 'leader' && state === 'serving');
      if (node === undefined) throw new Error(`no node ${id}`);
      if (leader?.stateHashAt === node.stateHashAt && node.state === 'serving') {
        expect(node.stateHash).toBe(leader.stateHash);
        return node;
      }
    }
  }

  async function leaderOf(): Promise<string> {
    for (;;) {
      const ready = (await (await fetch(`${server.url}/readyz`)).json()) as {
        leader: string | null;
      };
      if (ready.leader !== null) return ready.leader;
    }
  }

  async function act(what: string): Promise<void> {
    nodeAnswer(await post(what));
  }

  function nodeAnswer(answer: unknown): NodeActionAnswer {
    return doneAs(NodeActionAnswer.safeParse(answer), answer);
  }

  function memberAnswer(answer: unknown): MemberAnswer {
    return doneAs(MemberAnswer.safeParse(answer), answer);
  }

  /** A refusal is shown as it came. */
  function doneAs<T>(parsed: { readonly data?: T | undefined }, answer: unknown): T {
    if (parsed.data === undefined) throw new Error(JSON.stringify(answer));
    return parsed.data;
  }

  function post(what: string, body?: unknown): Promise<unknown> {
    return call('POST', what, body);
  }

  async function call(method: string, what: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${server.url}/api/v1/${what}`, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    return response.json();
  }
});
