/** The check of the invariants on real servers whose nodes carry a bug: it must see it, and say where. */
import { afterEach, describe, expect, it } from 'vitest';
import type { InvariantId, InvariantView } from '../../contracts/invariants.ts';
import { InvariantsAnswer } from '../../contracts/invariants.ts';
import type { Planted } from '../e2e/planted-root.ts';
import { startTestServer } from '../server.ts';
import type { TestServer } from '../server.ts';
import { commitGoesBack, startPlantedServer } from './planted.ts';

const SLOW_MACHINE_MS = 120_000;
const SEEN_WITHIN_MS = 60_000;
const WRITE_MS = 20_000;

describe('a planted bug is seen', { timeout: SLOW_MACHINE_MS }, () => {
  let server: TestServer;

  afterEach(async () => {
    await server.destroy();
  }, SLOW_MACHINE_MS);

  it('[K34] nothing is violated where nothing is planted, and every invariant is counted, through a change of leader', async () => {
    server = await startTestServer();
    await writes(20);
    const { supervisor } = server;
    const before = await until(leader);
    await supervisor.kill(before);
    await writes(20);
    await supervisor.revive(before);
    const all = await until(async () => {
      const seen = await invariants();
      return seen.every(({ checks }) => checks >= 10) ? seen : null;
    });
    expect(all.map(({ id, status, violation }) => ({ id, status, violation }))).toEqual(
      all.map(({ id }) => ({ id, status: 'pass', violation: null })),
    );
    expect(all).toHaveLength(6);
  });

  it('[K35] a candidate that needs nobody is seen as a second leader of a term', async () => {
    server = await startPlantedServer([
      {
        file: 'server/raft/quorum.ts',
        find: 'export function voteOutcome(conf: ConfState, votes: ReadonlyMap<NodeId, boolean>): VoteOutcome {\n',
        replace:
          "export function voteOutcome(conf: ConfState, votes: ReadonlyMap<NodeId, boolean>): VoteOutcome {\n  if (votes.size > 0) return 'won';\n",
      },
    ]);
    for (const id of server.supervisor.nodes) server.supervisor.isolate(id);
    const { violation } = await violated('election-safety');
    expect(violation?.text).toMatch(/^term \d+ has two leaders, n[123] and n[123]$/);
    expect(violation?.facts[1]).toMatch(/^n[123] says that n[123] leads term \d+$/);
  });

  it('[K35] a follower that does not look at what comes before is seen by its log', async () => {
    server = await startPlantedServer([
      {
        file: 'server/raft/replication.ts',
        find: 'if (core.log.termAt(prevLogIndex) !== prevLogTerm) {',
        replace: 'if (core.log.termAt(prevLogIndex) === null) {',
      },
    ]);
    const { supervisor } = server;
    await writes(3);
    // They stay with the leader that is cut off, and are replaced in part.
    const alone = await until(async () => {
      supervisor.healAll();
      const id = await until(leader);
      supervisor.isolate(id);
      const { lastIndex } = server.fold.nodeView(id);
      for (let i = 0; i < 20; i++)
        supervisor.node(id).propose(JSON.stringify(['lost', i]), () => {});
      await until(() => server.fold.nodeView(id).lastIndex >= lastIndex + 20 || !leads(id) || null);
      return server.fold.nodeView(id).lastIndex >= lastIndex + 20 ? id : null;
    });
    const [next = '', last = ''] = supervisor.nodes.filter((id) => id !== alone);
    await until(() => (leads(next) || leads(last) ? true : null));
    await writes(2);
    const successor = leads(next) ? last : next;
    await until(() => {
      const leading = leader();
      if (leading !== null && leading !== successor)
        supervisor.node(leading).transferLeadership(successor);
      return leads(successor) ? true : null;
    });
    await writes(1);
    supervisor.healAll();
    const { violation } = await violated('log-matching');
    expect(violation?.text).toContain(`both hold index ${violation?.index} of term`);
    expect(violation?.facts.join(' ')).toContain(`${alone} report`);
  });

  it('[K36] a voter that does not compare logs is seen by the leader that it helped', async () => {
    const planted: readonly Planted[] = [
      {
        file: 'server/raft/log.ts',
        find: 'return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);',
        replace: 'return lastTerm + lastIndex >= 0;',
      },
      {
        // So that nobody comes before the one who is behind.
        file: 'server/raft/election.ts',
        find: '  if (!core.mayCampaign) {\n',
        replace: '  if (silentMs >= 0) {\n',
      },
    ];
    // Nor does the first leader, who would be the last, give up while the machine stands still.
    server = await startPlantedServer(planted, { ELECTION_TIMEOUT_MS: '10000' });
    const { supervisor } = server;
    await writes(3);
    const first = await until(leader);
    const [behind = ''] = supervisor.nodes.filter((id) => id !== first);
    supervisor.isolate(behind);
    const written = await writes(5);
    await supervisor.kill(first);
    supervisor.healAll();
    const { violation } = await violated('leader-completeness', () =>
      supervisor.node(behind).campaign(),
    );
    // On a busy machine it may have to ask twice.
    expect(violation?.node).toBe(behind);
    expect(violation?.term).toBeGreaterThanOrEqual(2);
    expect(violation?.text).toMatch(
      new RegExp(`^${behind}, leader of term ${violation?.term}, lacks committed index \\d+$`),
    );
    // The leader may have committed entries of its own after the last write.
    const known = supervisor.nodes.filter((id) => id !== behind);
    const committed = Math.max(written, ...known.map((id) => server.fold.nodeView(id).commitIndex));
    expect(violation?.index).toBeLessThanOrEqual(committed);
  });

  it('[K37] a node that applies one value wrongly is seen by its state', async () => {
    server = await startPlantedServer([
      {
        file: 'server/node/node-host.ts',
        find: 'const result = this.kv.apply(entry);',
        replace:
          "const result = this.kv.apply(this.options.id === 'n2' && entry.data.includes('7777') ? { ...entry, data: entry.data.replace('7777', '7778') } : entry);",
      },
    ]);
    await writes(3);
    await write('7777');
    const { violation } = await violated('state-machine-safety');
    expect(violation?.text).toMatch(/n2.* differ at revision \d+$/);
    await expect.poll(async () => (await find('log-matching')).status).toBe('pass');
    const told = server.fold.view(0).events.find(({ seq }) => seq === violation?.eventSeq);
    expect(told).toMatchObject({ kind: 'invariant-broken', index: violation?.index });
  });

  it('[K38] a commit index that goes back is seen, though the node itself does not look', async () => {
    server = await startPlantedServer(commitGoesBack('core.commitIndex > 8'));
    for (let i = 0; i < 20; i++) await writes(1);
    const { violation } = await violated('never-back');
    expect(violation?.text).toMatch(/^the commit index of n[123] went back from \d+ to 2$/);
  });

  it('[K39] a leader whose time goes back is seen by its stamps', async () => {
    server = await startPlantedServer([
      {
        file: 'server/raft/replication.ts',
        find: 'stamp: leadership.clock.stamp(core.now, core.log.lastStamp),',
        replace:
          'stamp: leadership.clock.stamp(core.now, core.log.lastStamp) - (core.log.lastIndex === 9 ? 60_000_000 : 0),',
      },
      {
        file: 'server/raft/log.ts',
        find: "    assert(entry.stamp > this.lastStamp, 'stamps strictly rise along the log');\n",
        replace: '',
      },
      {
        file: 'server/raft/parse-message.ts',
        find: 'if (!isCount(stamp) || stamp <= lastStamp) return false;',
        replace: 'if (!isCount(stamp)) return false;',
      },
      {
        file: 'server/kv/store.ts',
        find: "    assert(entry.stamp > this.lastStamp, 'stamps strictly rise');\n",
        replace: '',
      },
    ]);
    for (let i = 0; i < 12; i++) void write(String(i));
    const { violation } = await violated('timestamps');
    expect(violation?.text).toMatch(/^time does not rise from revision \d+ to \d+$/);
  });

  // --- steps -------------------------------------------------------------------

  /** The index of its entry; 0 when nobody knows what became of it. */
  async function write(value: string): Promise<number> {
    const answer = await server.kv.write({ op: 'set', key: 'a', field: 'x', value }, WRITE_MS);
    return answer.ok ? answer.index : 0;
  }

  /** The index of the last of them. */
  async function writes(count: number): Promise<number> {
    let index = 0;
    for (let i = 0; i < count; i++) index = await write(String(i));
    return index;
  }

  function leads(id: string): boolean {
    return server.fold.nodeView(id).role === 'leader';
  }

  /** Null while nobody does. */
  function leader(): string | null {
    const nodes = server.fold
      .view(0)
      .nodes.filter((node) => node.state === 'serving' && node.role === 'leader');
    return nodes.sort((a, b) => b.term - a.term)[0]?.id ?? null;
  }

  async function invariants(): Promise<readonly InvariantView[]> {
    const response = await fetch(`${server.url}/api/v1/invariants`);
    return InvariantsAnswer.parse(await response.json()).invariants;
  }

  async function find(id: InvariantId): Promise<InvariantView> {
    const found = (await invariants()).find((invariant) => invariant.id === id);
    if (found === undefined) throw new Error(`no invariant ${id}`);
    return found;
  }

  function violated(id: InvariantId, meanwhile = (): void => {}): Promise<InvariantView> {
    return until(async () => {
      meanwhile();
      const found = await find(id);
      return found.status === 'fail' ? found : null;
    });
  }
});

/** Looks again with every turn of the machine, until there is something. */
async function until<T>(look: () => T | null | Promise<T | null>): Promise<T> {
  const deadlineMs = performance.now() + SEEN_WITHIN_MS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadlineMs) throw new Error('not seen in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
