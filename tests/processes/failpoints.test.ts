/** Nodes that are killed at each step on the way of a write and of a snapshot, as processes are killed. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailpointName } from '../../server/base/failpoint.ts';
import type { Arming } from '../../server/node/armed-failpoints.ts';
import { buildNodes, Rig, WITHIN_MS } from './rig.ts';

const SLOW_MACHINE_MS = 3 * WITHIN_MS;
const WRITERS = 16;
/** Of the times that a failpoint is reached. */
const NEVER = 0;

type Victim = 'leader' | 'follower';
type Provoke = 'writes' | 'election' | 'compaction' | 'catching up';

interface Row {
  readonly name: FailpointName;
  readonly victim: Victim;
  readonly provoke: Provoke;
  /** Of the times that it is reached, the fatal one. */
  readonly nth?: number;
  /** In every run of the suite; the others with LONG=1. */
  readonly always?: true;
}

const ROWS: readonly Row[] = [
  { name: 'vote:begin', victim: 'follower', provoke: 'election' },
  { name: 'vote:commit', victim: 'follower', provoke: 'election', always: true },
  { name: 'vote:committed', victim: 'follower', provoke: 'election' },
  { name: 'log:begin', victim: 'leader', provoke: 'writes', always: true },
  { name: 'log:begin', victim: 'follower', provoke: 'writes' },
  { name: 'log:statement', victim: 'leader', provoke: 'writes', nth: 2 },
  { name: 'log:statement', victim: 'follower', provoke: 'writes', nth: 5 },
  { name: 'log:commit', victim: 'leader', provoke: 'writes', nth: 3, always: true },
  { name: 'log:commit', victim: 'follower', provoke: 'writes' },
  { name: 'log:committed', victim: 'leader', provoke: 'writes', nth: 3, always: true },
  { name: 'log:committed', victim: 'follower', provoke: 'writes', nth: 2 },
  { name: 'persisted', victim: 'leader', provoke: 'writes', nth: 2 },
  { name: 'persisted', victim: 'follower', provoke: 'writes', always: true },
  { name: 'send', victim: 'leader', provoke: 'writes', nth: 3 },
  { name: 'send', victim: 'follower', provoke: 'writes', nth: 4 },
  { name: 'apply', victim: 'leader', provoke: 'writes', nth: 5 },
  { name: 'apply', victim: 'follower', provoke: 'writes', nth: 9 },
  { name: 'applied', victim: 'leader', provoke: 'writes', nth: 7, always: true },
  { name: 'applied', victim: 'follower', provoke: 'writes', nth: 7 },
  { name: 'save:begin', victim: 'leader', provoke: 'writes' },
  { name: 'save:statement', victim: 'leader', provoke: 'writes', nth: 2, always: true },
  { name: 'save:statement', victim: 'follower', provoke: 'writes', nth: 5 },
  { name: 'save:commit', victim: 'follower', provoke: 'writes' },
  { name: 'save:committed', victim: 'leader', provoke: 'writes' },
  { name: 'compact:statement', victim: 'leader', provoke: 'compaction' },
  { name: 'compact:commit', victim: 'leader', provoke: 'compaction', always: true },
  { name: 'compact:committed', victim: 'follower', provoke: 'compaction' },
  { name: 'snapshot:read', victim: 'leader', provoke: 'catching up', always: true },
  { name: 'stage:statement', victim: 'follower', provoke: 'catching up' },
  { name: 'stage:committed', victim: 'follower', provoke: 'catching up' },
  { name: 'install:statement', victim: 'follower', provoke: 'catching up', nth: 3, always: true },
  { name: 'install:commit', victim: 'follower', provoke: 'catching up' },
  { name: 'install:committed', victim: 'follower', provoke: 'catching up' },
  { name: 'snapshot:load', victim: 'follower', provoke: 'catching up' },
];

const isLong = process.env['LONG'] === '1';
const rows = ROWS.filter(({ always }) => isLong || always === true);

let nodes: Awaited<ReturnType<typeof buildNodes>>;
let rig: Rig;

beforeAll(async () => {
  nodes = await buildNodes();
  rig = await Rig.start(nodes.file);
}, SLOW_MACHINE_MS);

afterAll(async () => {
  await rig.destroy();
  nodes.remove();
});

describe('a node that is killed', { timeout: SLOW_MACHINE_MS }, () => {
  /** Acknowledged so far, over all tests: nothing of it may ever be gone or there twice. */
  const acknowledged = new Map<string, string>();
  let counted = 0;
  let round = 0;

  it.each(rows)(
    '[X2] at $name, as a $victim ($provoke): what was acknowledged is there, once',
    async (row) => {
      round++;
      const victim = await killed(row);
      expect(rig.server.fold.nodeView(victim).reason).toBe('its process was ended by SIGKILL');
      // The two that are left go on by themselves.
      await rig.set(`round ${round}`, 'without', victim);
      await rig.heal();
      for (const [cell, value] of acknowledged) {
        const [key = '', field = ''] = cell.split('/');
        expect(await rig.get(key, field), cell).toBe(value);
      }
      expect(Number(await rig.get('count', 'of'))).toBe(counted);
    },
  );

  /** Writes meanwhile; what is under way when the victim is gone is still answered. */
  async function killed(row: Row): Promise<string> {
    let isOver = false;
    const load = row.provoke === 'election' ? null : writeUntil(() => isOver);
    try {
      return await provoked(row);
    } finally {
      isOver = true;
      await load;
    }
  }

  /** Brings it about that a node which is armed comes to its failpoint; that node, once it is gone. */
  async function provoked({ name, victim: as, provoke, nth = 1 }: Row): Promise<string> {
    const { supervisor } = rig.server;
    const arming = { name, nth, act: 'kill' } as const;
    const isGone = (id: string): boolean => rig.state(id) === 'failed';
    if (provoke === 'catching up' && as === 'leader') return killedSending(arming);
    const victim = as === 'leader' ? await rig.theLeader() : await rig.aFollower();
    if (provoke === 'catching up') {
      await leaveBehind(victim);
      rig.armNextLife(victim, arming);
      void supervisor.revive(victim);
    } else rig.arm(victim, arming);
    if (provoke === 'compaction') supervisor.node(victim).compact();
    await rig.until(`${victim} is gone`, () => {
      // Another is to be elected: the victim votes for it.
      if (provoke === 'election') handOver(victim);
      return isGone(victim);
    });
    return victim;
  }

  /** To any but this one. */
  function handOver(voter: string): void {
    const { leader } = rig;
    const next = rig.nodes.find((id) => id !== voter && id !== leader);
    if (leader !== null) rig.server.supervisor.node(leader).transferLeadership(next ?? '');
  }

  /** Whoever leads while one needs a snapshot; another may have come to lead in between, and sent it. */
  async function killedSending(arming: Arming): Promise<string> {
    const { supervisor, fold } = rig.server;
    for (;;) {
      const behind = await rig.aFollower();
      const index = await leaveBehind(behind);
      const victim = await rig.theLeader();
      rig.arm(victim, arming);
      void supervisor.revive(behind);
      await rig.until('the snapshot was sent, or begun', () => {
        const { state, lastApplied } = fold.nodeView(behind);
        return rig.state(victim) === 'failed' || (state === 'serving' && lastApplied > index);
      });
      if (rig.state(victim) === 'failed') return victim;
      rig.arm(victim, { ...arming, nth: NEVER });
    }
  }

  /** A follower that is down lacks what the others do not have in their logs any more; the index of that. */
  async function leaveBehind(behind: string): Promise<number> {
    const { supervisor } = rig.server;
    await supervisor.kill(behind);
    const { index } = await rig.set(`round ${round}`, 'while one is down', behind);
    const others = rig.nodes.filter((id) => id !== behind);
    await rig.until('the others have applied it', () =>
      others.every((id) => rig.server.fold.nodeView(id).lastApplied >= index),
    );
    for (const id of others) supervisor.node(id).compact();
    await rig.until('their logs begin after it', () =>
      others.every((id) => rig.server.fold.nodeView(id).firstIndex > index),
    );
    return index;
  }

  async function writeUntil(isOver: () => boolean): Promise<void> {
    let next = 0;
    const writer = async (): Promise<void> => {
      while (!isOver()) {
        const n = next++;
        const cell = `k${n % 7}/f${round}.${n % 50}`;
        const [key = '', field = ''] = cell.split('/');
        const value = `${round}.${n}`;
        const outcome = await rig.server.kv.write(
          {
            op: 'txn',
            conditions: [],
            success: [
              { op: 'set', key: `${key}.${n % 16}`, field, value },
              { op: 'increment', key: 'count', field: 'of', by: 1 },
            ],
            failure: [],
          },
          WITHIN_MS,
        );
        // Whether it happened is found out by its session, however often it had to be asked.
        if (!outcome.ok) throw new Error(outcome.code);
        counted++;
        const at = `${key}.${n % 16}/${field}`;
        if ((last.get(at)?.index ?? 0) < outcome.index)
          last.set(at, { index: outcome.index, value });
      }
    };
    const last = new Map<string, { readonly index: number; readonly value: string }>();
    await Promise.all(Array.from({ length: WRITERS }, writer));
    for (const [cell, { value }] of [...last].slice(-20)) acknowledged.set(cell, value);
  }
});

describe('a node whose write fails', { timeout: SLOW_MACHINE_MS }, () => {
  it.each([
    ['log:commit', 'before its COMMIT'],
    ['log:committed', 'after its COMMIT: the write is there all the same'],
    ['save:commit', 'before what was applied is saved'],
    ['compact:commit', 'before its log is cut'],
    ['compact:committed', 'after its log was cut'],
  ] as const)(
    '[X3] at %s (%s) stops for good, and nothing is said of it that is not so',
    async (name, _when) => {
      const victim = await rig.theLeader();
      const before = Number(await rig.get('count', 'of'));
      rig.arm(victim, { name, nth: 1, act: 'throw' });
      if (name.startsWith('compact')) rig.server.supervisor.node(victim).compact();
      const outcome = await rig.server.kv.write(
        { op: 'increment', key: 'count', field: 'of', by: 1 },
        WITHIN_MS,
      );
      expect(outcome.ok).toBe(true);
      await rig.until('it has stopped', () => rig.state(victim) === 'failed');
      expect(rig.server.fold.nodeView(victim).reason).toContain(`failpoint ${name}`);
      await rig.heal();
      expect(Number(await rig.get('count', 'of'))).toBe(before + 1);
    },
  );
});

describe('a leader that is stopped', { timeout: SLOW_MACHINE_MS }, () => {
  it('[X4] where its write is durable and nothing said of it: another leads, and it answers nothing old when it goes on', async () => {
    const old = await rig.theLeader();
    await rig.set('stopped', 'x', 'before');
    rig.arm(old, { name: 'persisted', nth: 1, act: 'stop' });
    const during = rig.set('stopped', 'y', 'during');
    await during;
    await rig.set('stopped', 'x', 'after');
    const through = rig.server.kv.readThrough(
      old,
      { type: 'get', key: 'stopped', field: 'x' },
      WITHIN_MS,
    );
    // Had it led no more, it would have the write last.
    if (process.platform === 'linux')
      await rig.until('it is stopped', () => /\) T /.test(statOf(rig.child(old).pid)));
    rig.child(old).kill('SIGCONT');
    const read = await through;
    // Whoever answers: what was acknowledged before the question is in the answer.
    if (read.ok) expect(read).toMatchObject({ result: { answer: { found: { value: 'after' } } } });
    await rig.heal();
    expect(await rig.get('stopped', 'y')).toBe('during');
  });
});

/** What the system knows of the process. */
function statOf(pid = 0): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8');
}

describe('a build for use', { timeout: SLOW_MACHINE_MS }, () => {
  it('[X5] has nothing that can be armed', async () => {
    const production = await Rig.start('dist/node-process.js');
    try {
      for (const node of production.nodes)
        production.arm(node, { name: 'log:begin', nth: 1, act: 'kill' });
      await production.set('a', 'x', '1');
      await production.heal();
      expect(production.nodes.map((id) => production.server.fold.nodeView(id).boots)).toEqual([
        1, 1, 1,
      ]);
    } finally {
      await production.destroy();
    }
  });
});
