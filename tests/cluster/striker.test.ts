/** What a chaos run does to the nodes of a real cluster, and undoes. */
import { beforeEach, expect, test } from 'vitest';
import { NO_FAULTS } from '../../contracts/faults.ts';
import { LeaderTracker } from '../../server/cluster/leader-tracker.ts';
import { OPEN_LINK, SOUND_WORLD } from '../../server/node/control.ts';
import type { Blow } from '../../server/lab/schedule.ts';
import { Striker } from '../../server/lab/striker.ts';
import { sharedServer } from '../server.ts';

/** No pause of these tests ends by itself. */
const LONG_MS = 300_000;
const PAUSE: Blow = { fault: 'pause', victim: { node: 'n2' } };
const CRASH: Blow = { fault: 'crash', victim: { node: 'n2' } };

const server = sharedServer();

function striker(keepQuorum = true): Striker {
  const { supervisor, fold } = server;
  return new Striker({ supervisor, fold, leaders: new LeaderTracker(() => {}) }, keepQuorum);
}

function order(number: number, blow: Blow) {
  return { number, blow, forMs: LONG_MS };
}

beforeEach(async () => {
  const { supervisor } = server;
  supervisor.healAll();
  for (const id of supervisor.nodes) {
    supervisor.resume(id);
    supervisor.setWorld(id, SOUND_WORLD);
    await supervisor.revive(id);
  }
});

test('[K45] a run ends the pauses that it made, and no others', async () => {
  const { supervisor } = server;
  const run = striker();
  expect(await run.strike(order(1, PAUSE))).toEqual({ ok: true, note: 'n2 stood still' });
  expect(supervisor.isPaused('n2')).toBe(true);
  await run.undo(1);
  expect(supervisor.isPaused('n2')).toBe(false);

  supervisor.pause('n2', LONG_MS);
  expect(await run.strike(order(2, PAUSE))).toEqual({ ok: false, note: 'n2 stood still already' });
  await run.undoAll();
  expect(supervisor.isPaused('n2')).toBe(true);
  supervisor.resume('n2');

  await run.strike(order(3, PAUSE));
  supervisor.pause('n2', 2 * LONG_MS);
  await run.undo(3);
  expect(supervisor.isPaused('n2')).toBe(true);
});

test('[K45] a crash ends a pause, and what is undone afterwards is the crash alone', async () => {
  const { supervisor } = server;
  const run = striker(false);
  await run.strike(order(1, PAUSE));
  expect(await run.strike(order(2, CRASH))).toMatchObject({ ok: true });
  expect(supervisor.isPaused('n2')).toBe(false);
  expect(await run.strike(order(3, PAUSE))).toEqual({ ok: false, note: 'n2 was not running' });
  await run.undoAll();
  expect(supervisor.node('n2').isServing).toBe(true);
  expect(supervisor.faults('n2')).toEqual(NO_FAULTS);
});

test('[F13] whoever stands still is missing from the quorum, whose disk is slow or clock is wrong is not', async () => {
  const { supervisor } = server;
  const run = striker();
  const slow: Blow = { fault: 'slowDisk', victim: { node: 'n1' }, delayMs: 30 };
  await run.strike(order(1, slow));
  await run.strike(
    order(2, {
      fault: 'clock',
      victim: { node: 'n3' },
      error: { part: 'clockDrift', by: 20 },
    }),
  );
  supervisor.pause('n3', LONG_MS);
  const noRoom = { ok: false, note: 'it would have cost the quorum' };
  expect(await run.strike(order(3, PAUSE))).toEqual(noRoom);
  expect(await run.strike(order(4, CRASH))).toEqual(noRoom);
  supervisor.resume('n3');
  expect(await run.strike(order(5, PAUSE))).toMatchObject({ ok: true });
  await run.undoAll();
});

test('[K45] disks, clocks and links are struck as the schedule says, and are as before once it is undone', async () => {
  const { supervisor } = server;
  const run = striker();
  const theirs = { ...SOUND_WORLD, diskDelayMs: 5, clockOffsetMs: 100 };
  supervisor.setWorld('n1', theirs);
  const victim = { node: 'n1' };
  const blows: readonly [Blow, string][] = [
    [{ fault: 'slowDisk', victim, delayMs: 40 }, 'n1 took 40 ms longer for each durable write'],
    [
      { fault: 'clock', victim, error: { part: 'clockOffsetMs', by: -1400 } },
      'n1’s clock jumped 1.4 s back',
    ],
    [
      { fault: 'clock', victim, error: { part: 'clockDrift', by: 73 } },
      'n1’s clock counted 7.3 % too fast',
    ],
    [{ fault: 'reorder', share: 0.2 }, '20 % of messages were overtaken'],
  ];
  for (const [i, [blow, note]] of blows.entries())
    expect(await run.strike(order(i + 1, blow))).toEqual({ ok: true, note });
  expect(supervisor.world('n1')).toEqual({
    diskDelayMs: 45,
    diskFull: false,
    clockOffsetMs: -1300,
    clockDrift: 73,
  });
  for (const [from, to] of [
    ['n1', 'n2'],
    ['n3', 'n1'],
  ] as const)
    expect(supervisor.rule(from, to)).toEqual({ ...OPEN_LINK, reorder: 0.2 });
  await run.undoAll();
  expect(supervisor.world('n1')).toEqual(theirs);
  for (const from of supervisor.nodes)
    for (const to of supervisor.nodes) expect(supervisor.rule(from, to)).toEqual(OPEN_LINK);
});

test('[K45] whoever is to be struck as the leader is not, while nobody leads', async () => {
  const run = striker();
  const blows: readonly Blow[] = [
    { fault: 'pause', victim: 'leader' },
    { fault: 'slowDisk', victim: 'leader', delayMs: 40 },
    { fault: 'clock', victim: 'leader', error: { part: 'clockDrift', by: 20 } },
  ];
  for (const blow of blows)
    expect(await run.strike(order(1, blow))).toEqual({ ok: false, note: 'nobody led' });
});
