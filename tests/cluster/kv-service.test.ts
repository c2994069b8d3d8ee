/** The service against nodes that do as the test says, each a real thread on the control protocol. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDir } from '../../server/cluster/data-dir.ts';
import { KvService, MAX_IN_FLIGHT } from '../../server/cluster/kv-service.ts';
import type { WriteOutcome } from '../../server/cluster/kv-service.ts';
import { LeaderTracker } from '../../server/cluster/leader-tracker.ts';
import { SessionPool } from '../../server/cluster/sessions.ts';
import { RealClock } from '../../server/node/real-clock.ts';
import { PacedClock } from '../../server/ports/paced-clock.ts';
import { parseCommand } from '../../server/kv/command.ts';
import { Supervisor } from '../../server/cluster/supervisor.ts';
import { ThreadRuntime } from '../../server/cluster/thread-runtime.ts';
import type { Command, SessionRef } from '../../server/kv/types.ts';
import { makeDataDir } from '../server.ts';

/**
 * Whatever is expected happens at once; a machine that is busy with other things may take its
 * time. That of the requests stands still, and is led by hand: no node is ever too late for one.
 */
const SLOW_MACHINE_MS = 120_000;
const LONG_MS = 60_000;
const QUERY = { type: 'get', key: 'a', field: 'x' } as const;

type Mode =
  | 'apply'
  | 'hold'
  | 'unknown'
  | 'expired'
  | 'not-leader'
  | 'overloaded'
  | 'hold-openings'
  | 'lose-openings';

interface Seen {
  readonly from: string;
  readonly mode: Mode;
  /** As they travel. */
  readonly commands?: readonly string[];
  readonly reads?: number;
  /** It has done as it was told. */
  readonly acted?: true;
}

describe('the service', { timeout: SLOW_MACHINE_MS }, () => {
  let dataDir: DataDir;
  let supervisor: Supervisor;
  let leaders: LeaderTracker;
  let kv: KvService;
  let clock: PacedClock;
  let channel: BroadcastChannel;
  let seen: Seen[];
  let onSeen: () => void;
  let acted: number;
  let states: string[];

  beforeEach(async () => {
    dataDir = await DataDir.open(makeDataDir(), ['n1', 'n2', 'n3']);
    channel = new BroadcastChannel(dataDir.clusterId);
    seen = [];
    states = [];
    acted = 0;
    onSeen = () => {};
    channel.onmessage = (message: unknown) => {
      const { data } = message as { readonly data: Seen };
      if (data.acted === true) acted++;
      else seen.push(data);
      onSeen();
    };
    leaders = new LeaderTracker(() => {
      kv.retryParked();
      onSeen();
    });
    supervisor = new Supervisor(
      {
        dataDir,
        runtime: new ThreadRuntime(path.resolve('tests/cluster/scripted-node.mjs')),
        migrationsDir: '',
        heartbeatIntervalMs: 30,
        electionTimeoutMs: 300,
        leaseMs: 0,
        processors: 3,
      },
      {
        onStarted: () => {},
        onReport: ({ id, status }) =>
          leaders.update(id, status.role === 'leader' ? status.term : null),
        onState: (id, state, reason) => {
          states.push(`${id} ${state}${reason === null ? '' : `: ${reason}`}`);
          if (state !== 'serving') leaders.update(id, null);
          onSeen();
        },
        onFaults: () => {},
        onTransit: () => {},
        onLink: () => {},
      },
    );
    clock = new PacedClock(new RealClock());
    clock.pace = 0;
    kv = new KvService(supervisor, leaders, new SessionPool(), clock);
    await supervisor.start();
  });

  afterEach(async () => {
    await kv.close(0);
    await supervisor.stop();
    channel.close();
    await dataDir.close();
    rmSync(dataDir.path, { recursive: true, force: true });
  });

  it('[K9] gives a write without a session one of its own, used by one write at a time', async () => {
    await script('n1', { mode: 'apply', term: 1 });
    await Promise.all([write(), write()]);
    await write();
    const sessions = commands().map(({ session }) => session);
    expect(sessions.map((session) => session?.client)).toEqual(['n1-1', 'n1-2', 'n1-2']);
    expect(sessions.map((session) => session?.sequence)).toEqual([1, 1, 2]);
  });

  it('[K9] opens the sessions of writes that begin together together', async () => {
    await script('n1', { mode: 'hold-openings', term: 1 });
    const open = [write(), write(), write()];
    await until(() => openings() === 3);
    expect(commands()).toEqual([]);
    await script('n1', { mode: 'apply', release: true });
    expect((await Promise.all(open)).every(({ ok }) => ok)).toBe(true);
    expect(new Set(commands().map(({ session }) => session?.client)).size).toBe(3);
  });

  it('[K9] opens another session when it cannot tell whether one was opened, and says that nothing was written when none is', async () => {
    await script('n1', { mode: 'lose-openings', term: 1 });
    const outcome = write();
    await until(() => openings() > 0);
    await script('n1', { mode: 'apply' });
    expect(await outcome).toMatchObject({ ok: true });
    expect(commands()).toHaveLength(1);
    await script('n1', { mode: 'lose-openings' });
    // The one that is free is held; the other write has none.
    const lost = [write(50), write(50)];
    clock.advance(50);
    expect(await Promise.all(lost)).toMatchObject([
      { code: 'OUTCOME_UNKNOWN' },
      { code: 'NO_LEADER' },
    ]);
    await script('n1', { mode: 'apply' });
    await write();
    await script('n1', { mode: 'hold-openings' });
    const both = [write(50), write(50)];
    clock.advance(50);
    expect(await Promise.race(both)).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(await Promise.all(both)).toMatchObject([
      { code: 'OUTCOME_UNKNOWN' },
      { code: 'NO_LEADER' },
    ]);
  });

  it('[K22] goes on under another session when its own has ended before the first attempt, and trusts none that was idle for longer', async () => {
    await script('n1', { mode: 'apply', term: 1 });
    await Promise.all([write(), write(), write()]);
    const before = openings();
    await script('n1', { mode: 'expired' });
    const outcome = write();
    // Refused under one of the three, and under each that it opens.
    await until(() => commands().length > 5);
    await script('n1', { mode: 'apply' });
    expect(await outcome).toMatchObject({ ok: true });
    const clients = commands().map(({ session }) => session?.client);
    expect(clients.slice(0, 3)).toContain(clients[3]);
    for (const client of clients.slice(4)) expect(clients.slice(0, 4)).not.toContain(client);
    expect(openings()).toBeGreaterThan(before);
    const later = commands().length;
    await Promise.all([write(), write(), write()]);
    for (const { session } of commands().slice(later))
      expect(clients.slice(0, 3)).not.toContain(session?.client);
  });

  it('[K22] says that the outcome is unknown when the session has ended after a node may have taken the write', async () => {
    await script('n1', { mode: 'unknown', term: 1 });
    const session: SessionRef = { client: 'mine', sequence: 7 };
    const set = { op: 'set', key: 'a', field: 'x', value: '1' } as const;
    const open = [write(), kv.write({ ...set, session }, LONG_MS)];
    await until(() => commands().length > 1);
    await script('n1', { mode: 'expired' });
    expect(await Promise.all(open)).toMatchObject([
      { ok: false, code: 'OUTCOME_UNKNOWN' },
      { ok: false, code: 'OUTCOME_UNKNOWN' },
    ]);
    // A client's own first attempt is told as it is.
    expect(await kv.write({ ...set, session }, LONG_MS)).toMatchObject({
      ok: true,
      result: { error: { code: 'SESSION_EXPIRED' } },
    });
  });

  it('[H15] proposes the writes of a batch in their order, none before all have sessions', async () => {
    await script('n1', { mode: 'apply', term: 1 });
    await write();
    await script('n1', { mode: 'hold-openings' });
    const values = ['one', 'two', 'three', 'four'];
    const session: SessionRef = { client: 'mine', sequence: 1 };
    // One finds a session that is free, one brings its own.
    const outcomes = kv.writeAll(
      values.map((value) => ({
        op: 'set',
        key: 'a',
        field: 'x',
        value,
        ...(value === 'four' && { session }),
      })),
      LONG_MS,
    );
    await until(() => openings() === 3);
    await script('n1', { mode: 'apply', release: true });
    expect((await Promise.all(outcomes)).every(({ ok }) => ok)).toBe(true);
    expect(commands().map(({ value }) => value)).toEqual(['1', ...values]);
    const late = kv.writeAll([{ op: 'delete', key: 'a', field: 'x' }], LONG_MS);
    expect(await Promise.all(late)).toMatchObject([{ ok: true }]);
  });

  it('[K9] opens a session for a client', async () => {
    await script('n1', { mode: 'lose-openings', term: 1 });
    const lost = kv.openSession(50);
    await until(() => openings() > 0);
    clock.advance(50);
    expect(await lost).toMatchObject({ ok: false, code: 'OUTCOME_UNKNOWN' });
    await script('n1', { mode: 'apply' });
    expect(await kv.openSession(LONG_MS)).toMatchObject({
      ok: true,
      result: { outcome: { op: 'session' } },
    });
  });

  it('[K9] leaves the session that a client brings as it is', async () => {
    await script('n1', { mode: 'apply', term: 1 });
    const session: SessionRef = { client: 'mine', sequence: 7 };
    await kv.write({ op: 'set', key: 'a', field: 'x', value: '1', session }, LONG_MS);
    expect(commands().map((command) => command.session)).toEqual([session]);
  });

  it('[K6] proposes a write whose fate is unknown again, under the same session, to the next leader', async () => {
    await script('n1', { mode: 'hold', term: 1 });
    const outcome = write();
    await until(() => commands().length === 1);
    await supervisor.kill('n1');
    await script('n2', { mode: 'apply', term: 2 });
    expect(await outcome).toMatchObject({ ok: true, leader: 'n2', term: 2 });
    const [first, second] = commands();
    expect(second).toEqual(first);
  });

  it('[K6] and one that a leader has and does not answer, whatever it says of it later', async () => {
    await script('n1', { mode: 'hold', term: 1 });
    const outcome = write();
    const read = kv.read(QUERY, LONG_MS);
    await until(() => commands().length === 1 && reads() === 1);
    await script('n2', { mode: 'apply', term: 2 });
    expect(await outcome).toMatchObject({ ok: true, leader: 'n2', term: 2 });
    const [first, second] = commands();
    expect(second).toEqual(first);
    await until(() => reads() > 1);
    await script('n1', { mode: 'apply', release: true });
    expect(kv.queues).toMatchObject({ writes: 0, reads: 1 });
    await kv.close(0);
    expect(await read).toMatchObject({ code: 'READ_TIMEOUT' });
  });

  it('[K6] and one that a node said it lost track of', async () => {
    await script('n1', { mode: 'unknown', term: 1 });
    const outcome = write();
    await until(() => commands().length > 0);
    await script('n1', { mode: 'not-leader', term: 0 });
    await script('n3', { mode: 'apply', term: 2 });
    expect(await outcome).toMatchObject({ ok: true, leader: 'n3' });
    expect(new Set(commands().map(({ session }) => JSON.stringify(session))).size).toBe(1);
  });

  it('[K5] says that the outcome is unknown once a node may have taken the write, and never uses its session again', async () => {
    await script('n1', { mode: 'hold', term: 1 });
    const held = write(50);
    await until(() => commands().length === 1);
    clock.advance(50);
    expect(await held).toMatchObject({ ok: false, code: 'OUTCOME_UNKNOWN', leader: 'n1' });
    await script('n1', { mode: 'apply' });
    await write();
    const [first, second] = commands().map(({ session }) => session?.client);
    expect(first).not.toBe(second);
  });

  it('[K5] says so too when the node that may have taken it is gone and no leader follows', async () => {
    await script('n1', { mode: 'hold', term: 1 });
    const outcome = write(2000);
    await until(() => commands().length === 1);
    await supervisor.kill('n1');
    clock.advance(2000);
    expect(await outcome).toMatchObject({ ok: false, code: 'OUTCOME_UNKNOWN', leader: null });
  });

  it('[K4] says that there is no leader when no node ever took the write', async () => {
    const early = write(40);
    clock.advance(40);
    expect(await early).toEqual({ ok: false, code: 'NO_LEADER', leader: null });
    await script('n1', { mode: 'not-leader', term: 1 });
    const refused = write(2000);
    await until(() => openings() > 1);
    await script('n1', { term: 0 });
    clock.advance(2000);
    expect(await refused).toEqual({ ok: false, code: 'NO_LEADER', leader: null });
    await script('n1', { mode: 'apply', term: 2 });
    expect(await write()).toMatchObject({ ok: true });
    await script('n1', { mode: 'not-leader' });
    const refusedToo = write(2000);
    await until(() => commands().length > 2);
    await script('n1', { term: 0 });
    clock.advance(2000);
    expect(await refusedToo).toEqual({ ok: false, code: 'NO_LEADER', leader: null });
    await script('n1', { mode: 'apply', term: 3 });
    expect(await write()).toMatchObject({ ok: true });
    // The session came back to the pool: nothing was logged under it.
    expect(new Set(commands().map(({ session }) => session?.client)).size).toBe(1);
  });

  it('[K4] waits for a leader, and goes to the one of the highest term', async () => {
    const outcome = write();
    await script('n1', { mode: 'not-leader', term: 1 });
    await until(() => seen.length > 0);
    await script('n2', { mode: 'apply', term: 3 });
    expect(await outcome).toMatchObject({ ok: true, leader: 'n2' });
  });

  it('[K10] refuses more than it can hold, before anything is proposed', async () => {
    await script('n1', { mode: 'hold', term: 1 });
    const open = Array.from({ length: MAX_IN_FLIGHT }, () => write());
    expect(await write()).toMatchObject({ ok: false, code: 'OVERLOADED' });
    expect(await kv.read(QUERY, LONG_MS)).toMatchObject({ ok: false, code: 'OVERLOADED' });
    await until(() => commands().length === MAX_IN_FLIGHT);
    await script('n1', { mode: 'apply', release: true });
    expect((await Promise.all(open)).every(({ ok }) => ok)).toBe(true);
    expect(kv.takeCounts()).toEqual({ writes: MAX_IN_FLIGHT, reads: 0, failed: 2 });
  });

  it('[K10] passes on that a leader is overloaded, unless an earlier one may have taken the write', async () => {
    await script('n1', { mode: 'overloaded', term: 1 });
    expect(await write()).toMatchObject({ ok: false, code: 'OVERLOADED' });
    await script('n1', { mode: 'unknown' });
    const outcome = write(300);
    await until(() => commands().length > 1);
    await script('n1', { mode: 'overloaded' });
    const refused = commands().length;
    await until(() => commands().length > refused + 1);
    clock.advance(300);
    expect(await outcome).toMatchObject({ ok: false, code: 'OUTCOME_UNKNOWN' });
  });

  it('[K11] asks a read again until its time is up', async () => {
    await script('n1', { mode: 'not-leader', term: 1 });
    const refused = kv.read(QUERY, 100);
    await until(() => reads() > 2);
    clock.advance(100);
    expect(await refused).toEqual({ ok: false, code: 'READ_TIMEOUT', leader: 'n1' });
    await supervisor.kill('n2');
    expect(await kv.readLocal('n2', QUERY, LONG_MS)).toEqual({
      ok: false,
      code: 'NODE_DOWN',
      leader: 'n1',
    });
    await script('n3', { mode: 'hold' });
    const held = kv.readLocal('n3', QUERY, 40);
    clock.advance(40);
    expect(await held).toMatchObject({ ok: false, code: 'READ_TIMEOUT' });
  });

  it('[K46] asks a read of the node that is named, again and again, and of no other, whoever leads', async () => {
    await script('n1', { mode: 'apply', term: 1 });
    await script('n2', { mode: 'not-leader' });
    const timedOut = { ok: false, code: 'READ_TIMEOUT', leader: 'n1' };
    const refused = kv.readThrough('n2', QUERY, 100);
    await until(() => reads() > 2);
    clock.advance(100);
    expect(await refused).toEqual(timedOut);
    expect(seen.every(({ from, reads }) => from === 'n2' && reads === 1)).toBe(true);
    await supervisor.kill('n2');
    const gone = kv.readThrough('n2', QUERY, 60);
    clock.advance(60);
    expect(await gone).toEqual(timedOut);
    expect(seen.every(({ from }) => from === 'n2')).toBe(true);
  });

  it('[K12] says why a node failed, and starts it again when asked', async () => {
    channel.postMessage({ to: 'n1', fail: 'its disk is gone' });
    await until(() => states.includes('n1 failed: its disk is gone'));
    channel.postMessage({ to: 'n2', crash: 'a bug' });
    await until(() => states.includes('n2 failed: Error: a bug'));
    expect(await supervisor.kill('n2')).toBe(false);
    expect(await supervisor.revive('n1')).toBe(true);
    expect(await supervisor.revive('n2')).toBe(true);
    await script('n2', { mode: 'apply', term: 5 });
    expect(await write()).toMatchObject({ ok: true, leader: 'n2' });
  });

  it('[K7] has every open request answered when it closes', async () => {
    await script('n1', { mode: 'hold', term: 1 });
    const open = [write(), kv.read(QUERY, LONG_MS)];
    await until(() => commands().length === 1 && seen.some(({ reads }) => reads === 1));
    await kv.close(10);
    expect(await Promise.all(open)).toMatchObject([
      { code: 'OUTCOME_UNKNOWN' },
      { code: 'READ_TIMEOUT' },
    ]);
    expect(await write()).toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  function write(timeoutMs = LONG_MS): Promise<WriteOutcome> {
    return kv.write({ op: 'set', key: 'a', field: 'x', value: '1' }, timeoutMs);
  }

  /** Gives the node its part, and waits until its report of that has come. */
  async function script(
    to: string,
    part: { readonly mode?: Mode; readonly term?: number; readonly release?: boolean },
  ): Promise<void> {
    const before = acted;
    channel.postMessage({ to, ...part });
    const { term } = part;
    await until(() => acted > before);
    if (term !== undefined) await until(() => (leaders.leader === to) === term > 0);
  }

  function proposals(): readonly Command[] {
    return seen
      .flatMap(({ commands: list }) => list ?? [])
      .map((data) => {
        const parsed = parseCommand(data);
        if (!parsed.ok) throw new Error(parsed.error);
        return parsed.value;
      });
  }

  /** Of writes. */
  function commands(): readonly Extract<Command, { op: 'set' }>[] {
    return proposals().filter((command) => command.op === 'set');
  }

  /** Proposed so far. */
  function openings(): number {
    return proposals().filter(({ op }) => op === 'session').length;
  }

  function reads(): number {
    return seen.reduce((sum, { reads: asked = 0 }) => sum + asked, 0);
  }

  /** Resolves when the claim holds; looked at after each thing that is seen. */
  async function until(claim: () => boolean): Promise<void> {
    while (!claim()) {
      await new Promise<void>((resolve) => {
        onSeen = resolve;
      });
    }
  }
});
