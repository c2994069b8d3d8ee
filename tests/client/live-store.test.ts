/** What the page believes of the stream: continued, missed, silent, restarted. */
import { describe, expect, test } from 'vitest';
import { applyPatch, initialState, reduce, wantsView } from '../../client/live-store.ts';
import type { LiveAction, LiveState } from '../../client/live-store.ts';
import { STALE_AFTER_MS } from '../../contracts/live.ts';
import type { Patch } from '../../contracts/live.ts';
import type { EntryView, EventView } from '../../contracts/view.ts';
import { nodeView, viewOf } from './views.ts';

const view = (seq: number, epoch = 'e1') =>
  viewOf([nodeView('n1'), nodeView('n2'), nodeView('n3')], { seq, epoch, atMs: seq * 1000 });

function patch(seq: number, rest: Partial<Patch> = {}): LiveAction {
  return {
    type: 'patch',
    patch: { epoch: 'e1', seq, atMs: seq * 1000, ...rest },
    nowMs: seq * 1000,
  };
}

function told(...actions: LiveAction[]): LiveState {
  return actions.reduce(reduce, initialState(null));
}

const joined: LiveAction = { type: 'view', view: view(5), nowMs: 5000 };

const entry = (index: number, term = 1): EntryView => ({
  index,
  term,
  stamp: 0,
  kind: 'noop',
  label: '',
});
const event = (seq: number): EventView => ({
  seq,
  atMs: seq,
  kind: 'node-serving',
  node: 'n1',
  term: null,
  index: null,
  text: `event ${seq}`,
});

describe('patches', () => {
  test('[U40] the next patch is taken, one that was seen is not taken twice', () => {
    const state = told(joined, patch(6), patch(6), patch(7));
    expect(state).toMatchObject({ conn: 'live', view: { seq: 7, atMs: 7000 } });
    expect(wantsView(state)).toBe(false);
    expect(reduce(state, patch(3))).toMatchObject({ conn: 'live', view: { seq: 7 } });
  });

  test.each([
    ['a gap', patch(7)],
    ['another server', patch(6, { epoch: 'e2' })],
    ['a beat ahead', { type: 'beat', epoch: 'e1', seq: 6, atMs: 6000, nowMs: 6000 }],
    ['a beat of another server', { type: 'beat', epoch: 'e2', seq: 1, atMs: 6000, nowMs: 6000 }],
  ] as const)('[U40] after %s nothing is taken until a whole view lands', (_what, missed) => {
    const state = told(joined, missed);
    expect(wantsView(state)).toBe(true);
    expect(state.view?.seq).toBe(5);
    expect(wantsView(reduce(state, patch(9)))).toBe(true);
    expect(told(joined, missed, { type: 'view', view: view(9), nowMs: 9000 })).toMatchObject({
      conn: 'live',
      view: { seq: 9 },
    });
  });

  test('[U40] a patch before any view asks for one', () => {
    expect(wantsView(told(patch(1)))).toBe(true);
  });

  test('[U40] a view that patches have overtaken changes nothing', () => {
    const state = told(joined, patch(6), patch(7));
    expect(reduce(state, { type: 'view', view: view(6), nowMs: 7100 }).view?.seq).toBe(7);
  });

  test('[U40] whole new values replace the old of the same name; entries and events are kept once, in order, the newest', () => {
    const before = viewOf([nodeView('n1'), nodeView('n2')], {
      links: [
        {
          from: 'n1',
          to: 'n2',
          cut: false,
          delayMs: 0,
          jitterMs: 0,
          loss: 0,
          duplicate: 0,
          reorder: 0,
        },
      ] as never,
      entries: [entry(1), entry(3)],
      events: [event(1), event(2)],
    });
    const after = applyPatch(before, {
      epoch: 'e1',
      seq: 1,
      atMs: 9,
      nodes: [nodeView('n2', { term: 7 })],
      entries: [entry(2), entry(3), entry(3, 2)],
      events: [event(2), event(3)],
    });
    expect(after.nodes.map(({ id, term }) => [id, term])).toEqual([
      ['n1', 1],
      ['n2', 7],
    ]);
    expect(after.links).toEqual(before.links);
    expect(after.entries.map(({ index, term }) => [index, term])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [3, 2],
    ]);
    expect(after.events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    const many = applyPatch(before, {
      epoch: 'e1',
      seq: 1,
      atMs: 9,
      entries: Array.from({ length: 600 }, (_, i) => entry(i + 10)),
    });
    expect(many.entries).toHaveLength(500);
    expect(many.entries.at(-1)?.index).toBe(609);
  });
});

describe('members in patches', () => {
  test('[U40] a node that came is there with its links, one that went is gone with them', () => {
    const link = (from: string, to: string) => ({
      from,
      to,
      cut: false,
      delayMs: 0,
      jitterMs: 0,
      loss: 0,
      duplicate: 0,
      reorder: 0,
    });
    const before = viewOf([nodeView('n1'), nodeView('n2')], {
      links: [link('n1', 'n2'), link('n2', 'n1')],
    });
    const members = {
      members: ['n1', 'n3'],
      voters: ['n1'],
      votersOutgoing: [],
      learners: ['n3'],
      quorum: 1,
    };
    const after = applyPatch(before, {
      epoch: 'e1',
      seq: 1,
      atMs: 1,
      members,
      nodes: [nodeView('n3')],
      links: [link('n1', 'n3')],
    });
    expect(after).toMatchObject(members);
    expect(after.nodes.map(({ id }) => id)).toEqual(['n1', 'n3']);
    expect(after.links.map(({ from, to }) => `${from}>${to}`)).toEqual(['n1>n3']);
  });
});

describe('is it alive', () => {
  const clock = (nowMs: number): LiveAction => ({ type: 'clock', nowMs });

  test('[U41] silence makes the view stale, whatever the socket claims; any message makes it live', () => {
    const fresh = told(joined, clock(5000 + STALE_AFTER_MS));
    expect(fresh.conn).toBe('live');
    const silent = reduce(fresh, clock(5001 + STALE_AFTER_MS));
    expect(silent.conn).toBe('reconnecting');
    expect(silent.view?.seq).toBe(5);
    expect(reduce(silent, patch(6)).conn).toBe('live');
  });

  test('[U41] a closed socket is stale at once; tries are counted until a view comes', () => {
    const state = told(joined, { type: 'disconnected' }, { type: 'attempt' }, { type: 'attempt' });
    expect(state).toMatchObject({ conn: 'reconnecting', tries: 2 });
    const back = reduce(state, { type: 'view', view: view(6), nowMs: 6000 });
    expect(back).toMatchObject({ conn: 'live', tries: 0, restartedAtMs: null });
  });

  test('[U41] another server is noticed', () => {
    const state = told(joined, { type: 'view', view: view(1, 'e2'), nowMs: 6000 });
    expect(state).toMatchObject({ restartedAtMs: 1000, view: { epoch: 'e2', seq: 1 } });
  });

  test('[U41] a page that never hears anything says so after the same time', () => {
    const state = told(clock(100), clock(100 + STALE_AFTER_MS));
    expect(state.conn).toBe('connecting');
    expect(reduce(state, clock(101 + STALE_AFTER_MS)).conn).toBe('reconnecting');
  });

  test('[U41] the server’s clock is taken from its fastest message, and again when it jumps', () => {
    const beat = (atMs: number, nowMs: number): LiveAction => ({
      type: 'beat',
      epoch: 'e1',
      seq: 5,
      atMs,
      nowMs,
    });
    const offset = (...actions: LiveAction[]) => told(joined, ...actions).serverOffsetMs;
    expect(offset(beat(6000, 6300))).toBe(0);
    expect(offset(beat(6000, 5900))).toBe(100);
    expect(offset(beat(6000, 5900), beat(7000, 7000))).toBe(100);
    expect(offset(beat(6000, 9000))).toBe(-3000);
  });
});
