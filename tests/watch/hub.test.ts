/** The hub of watchers against nodes, time and readers that the test plays. */
import { describe, expect, test } from 'vitest';
import type { KvError, Scope } from '../../server/kv/types.ts';
import {
  LAGGING_AFTER_MS,
  MAX_WATCHES,
  PROGRESS_EVERY_MS,
  SLOW_READER_AFTER_MS,
  WatchHub,
} from '../../server/watch/hub.ts';
import type { Opened } from '../../server/watch/hub.ts';
import { MAX_CATCH_UP_READS } from '../../server/watch/catch-up.ts';
import { PlayedNodes, PlayedReader, PlayedTime } from './played-nodes.ts';

const TIMEOUT_MS = 1000;

class Scene {
  readonly nodes = new PlayedNodes();
  readonly time = new PlayedTime();
  readonly hub: WatchHub;

  constructor(recentChanges = 1000, recentChars = 1_000_000) {
    this.hub = new WatchHub(this.nodes, this.time, {
      changes: recentChanges,
      chars: recentChars,
    });
  }

  async open(scope: Scope, after: number | null = null, room?: number): Promise<PlayedReader> {
    const reader = new PlayedReader(room);
    const opened = await this.hub.open({ scope, after }, reader.attach, TIMEOUT_MS);
    expect(opened).toMatchObject({ ok: true });
    return reader;
  }

  async refused(after: number | null = null): Promise<Opened> {
    return this.hub.open({ scope: {}, after }, new PlayedReader().attach, TIMEOUT_MS);
  }

  set(key: string, value: string, field = 'x'): number {
    return this.nodes.write({ op: 'set', key, field, value });
  }

  /** All arrives and is taken, and what comes of that. */
  settle(...readers: readonly PlayedReader[]): void {
    do {
      this.nodes.deliver();
      for (const reader of readers) reader.takeAll();
    } while (this.nodes.underWay > 0);
  }

  lead(node: string | null): void {
    this.nodes.leader = node;
    this.hub.nudge();
  }
}

const revisions = (reader: PlayedReader): number[] => reader.batches.map((batch) => batch.revision);
const COMPACTED = {
  code: 'COMPACTED',
  message: 'gone',
  horizon: { timestamp: 5, revision: 5 },
} satisfies KvError;

describe('a watch', () => {
  test('[W2] at the head is told what happens in its scope, as it happens, each change once', async () => {
    const scene = new Scene();
    scene.set('a', 'before');
    const readers = [
      await scene.open({ key: 'a' }),
      await scene.open({ key: 'a', field: 'y' }),
      await scene.open({ prefix: 'b' }),
      await scene.open({}),
    ];
    scene.set('a', '1');
    scene.set('b1', '2');
    scene.settle(...readers);
    scene.set('a', '3', 'y');
    scene.set('c', '4');
    scene.settle(...readers);
    expect(readers.map(revisions)).toEqual([[2, 4], [4], [3], [2, 3, 4, 5]]);
    expect(readers[0]?.batches[0]?.changes).toMatchObject([
      { kind: 'set', key: 'a', value: '1', previous: { value: 'before', revision: 1 } },
    ]);
  });

  test('[W2] is told expiries with the revision whose stamp passed them', async () => {
    const scene = new Scene();
    const reader = await scene.open({ key: 'a' });
    scene.nodes.write({ op: 'set', key: 'a', field: 'x', value: 'brief', ttl: 50 }, 1000);
    scene.nodes.write({ op: 'tick' }, 1050);
    scene.settle(reader);
    expect(reader.batches).toMatchObject([
      { revision: 1, changes: [{ kind: 'set' }] },
      { revision: 2, changes: [{ kind: 'expire', at: 1050, version: { revision: 1 } }] },
    ]);
  });

  test('[W5] without a revision starts at that of a linearizable read, and says so at once', async () => {
    const scene = new Scene();
    scene.nodes.commit({ op: 'set', key: 'a', field: 'x', value: 'acknowledged' });
    const reader = await scene.open({});
    reader.takeAll();
    expect(reader.taken).toEqual([{ type: 'progress', through: 1 }]);
    // The leader applies that write only now: it happened before the watch.
    scene.nodes.applyAll();
    scene.set('a', 'later');
    scene.settle(reader);
    expect(revisions(reader)).toEqual([2]);
  });

  test('[W5] that is ahead of what the leader has told is told nothing twice', async () => {
    const scene = new Scene();
    const early = await scene.open({});
    for (let i = 0; i < 5; i++)
      scene.nodes.commit({ op: 'set', key: 'a', field: 'x', value: String(i) });
    const late = await scene.open({});
    scene.nodes.apply('n1', 3);
    scene.settle(early, late);
    scene.nodes.applyAll();
    scene.settle(early, late);
    scene.set('a', 'last');
    scene.settle(early, late);
    expect(revisions(early)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(revisions(late)).toEqual([6]);
  });

  test('[W3] that starts in the past reads up to the head and joins it', async () => {
    const scene = new Scene();
    for (let i = 0; i < 600; i++) scene.set(i % 2 === 0 ? 'a' : 'b', String(i));
    const head = await scene.open({});
    const reader = await scene.open({ key: 'a' }, 100);
    scene.settle(head, reader);
    scene.set('a', 'now');
    scene.settle(head, reader);
    expect(reader.batches).toEqual(scene.nodes.changes({ key: 'a' }, 100));
    // One page of the past for the field's 250 changes, by a follower; from then on nothing of its own.
    const reads = scene.nodes.asked.filter(({ kind }) => kind === 'read');
    expect(reads.map(({ node }) => node)).not.toContain('n1');
    expect(reads.length).toBeLessThanOrEqual(2);
  });

  test('[W3] that starts within what is kept of late asks no node', async () => {
    const scene = new Scene();
    const head = await scene.open({});
    for (let i = 0; i < 10; i++) scene.set('a', String(i));
    scene.settle(head);
    const reader = await scene.open({ key: 'a' }, 4);
    scene.settle(reader);
    expect(revisions(reader)).toEqual([5, 6, 7, 8, 9, 10]);
    expect(scene.nodes.asked.every(({ kind }) => kind === 'follow')).toBe(true);
  });

  test.each([
    ['changes', { changes: 10, chars: 1_000_000 }],
    ['text', { changes: 1000, chars: 40 }],
  ])(
    '[W3] that was too slow for what is kept, bounded by its %s, misses nothing',
    async (_by, { changes, chars }) => {
      const scene = new Scene(changes, chars);
      const slow = await scene.open({}, null, 4);
      for (let i = 0; i < 100; i++) {
        scene.set('a', String(i));
        scene.nodes.deliver();
        expect(slow.heldCount).toBeLessThanOrEqual(4);
      }
      scene.settle(slow);
      expect(revisions(slow)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
      expect(scene.nodes.asked.some(({ kind }) => kind === 'read')).toBe(true);
    },
  );

  test('[W3] what is kept is bounded by the items of its lists too, which may have no text', async () => {
    const scene = new Scene(1000, 10_000);
    const slow = await scene.open({}, null, 1);
    const value = Array.from({ length: 1000 }, () => '');
    for (let i = 0; i < 20; i++) {
      scene.nodes.write({ op: 'set', key: 'a', field: 'x', value });
      scene.nodes.deliver();
    }
    scene.settle(slow);
    expect(revisions(slow)).toHaveLength(20);
    expect(scene.nodes.asked.some(({ kind }) => kind === 'read')).toBe(true);
  });

  test('[W3] reads of the past are few at a time, and each watcher has its turn', async () => {
    const scene = new Scene();
    for (let i = 0; i < 900; i++) scene.set('a', String(i));
    const readers: PlayedReader[] = [];
    for (let i = 0; i < 20; i++) readers.push(await scene.open({}, 0));
    expect(scene.nodes.underWay).toBe(MAX_CATCH_UP_READS);
    scene.nodes.deliver(20);
    for (const reader of readers) reader.takeAll();
    expect(readers.every((reader) => reader.batches.length > 0)).toBe(true);
    scene.settle(...readers);
    for (const reader of readers) expect(reader.batches).toHaveLength(900);
  });

  test('[W4] that starts in the past is given no more than it has room for', async () => {
    const scene = new Scene();
    for (let i = 0; i < 100; i++) scene.set('a', String(i));
    const slow = await scene.open({}, 0, 4);
    scene.nodes.deliver();
    expect(slow.heldCount).toBe(4);
    slow.take(2);
    scene.nodes.deliver();
    expect(slow.heldCount).toBe(4);
    scene.settle(slow);
    expect(revisions(slow)).toHaveLength(100);
  });

  test('[W3] that is further than every node that runs waits for them', async () => {
    const scene = new Scene(2);
    for (let i = 0; i < 10; i++) scene.nodes.commit({ op: 'set', key: 'a', field: 'x', value: '' });
    scene.nodes.apply('n1');
    const reader = await scene.open({}, 3);
    scene.nodes.kill('n1');
    scene.lead('n2');
    scene.nodes.deliver(100);
    expect(scene.nodes.asked.filter(({ kind }) => kind === 'read').length).toBeLessThan(8);
    scene.nodes.applyAll();
    scene.time.pass(1000);
    scene.settle(reader);
    expect(revisions(reader)).toEqual([4, 5, 6, 7, 8, 9, 10]);
  });

  test('[W3] a node without news, or that falls, is not asked for ever: the leader is, or it waits', async () => {
    const scene = new Scene();
    for (let i = 0; i < 10; i++) scene.nodes.commit({ op: 'set', key: 'a', field: 'x', value: '' });
    scene.nodes.apply('n1');
    const reader = await scene.open({}, 3);
    scene.nodes.deliver(1);
    scene.settle(reader);
    expect(revisions(reader)).toEqual([4, 5, 6, 7, 8, 9, 10]);
    const other = await scene.open({}, 0);
    scene.nodes.kill('n2');
    scene.nodes.kill('n3');
    scene.nodes.kill('n1');
    scene.settle(other);
    expect(other.batches).toEqual([]);
    const before = scene.nodes.asked.length;
    scene.settle(other);
    expect(scene.nodes.asked.length).toBe(before);
    scene.nodes.revive('n3');
    scene.nodes.applyAll();
    scene.lead('n3');
    scene.settle(other);
    expect(revisions(other)).toHaveLength(10);
  });
});

describe('a change of leader', () => {
  test('[W2] in the middle of a batch: the next one is asked from the same revision, and nothing is missed or comes twice', async () => {
    const scene = new Scene();
    const reader = await scene.open({});
    scene.set('a', '1');
    scene.settle(reader);
    scene.set('a', '2');
    scene.set('a', '3');
    // The old leader's answer is under way when there is another.
    scene.lead('n2');
    scene.set('a', '4');
    scene.settle(reader);
    scene.set('a', '5');
    scene.settle(reader);
    expect(revisions(reader)).toEqual([1, 2, 3, 4, 5]);
    expect(scene.nodes.asked.at(-1)).toMatchObject({ node: 'n2', query: { after: 5 } });
  });

  test('[W2] the leader dies with an answer owed: the watch goes on with the next, who may have applied less', async () => {
    const scene = new Scene();
    const reader = await scene.open({});
    for (let i = 0; i < 6; i++) scene.nodes.commit({ op: 'set', key: 'a', field: 'x', value: '' });
    scene.nodes.apply('n1', 4);
    scene.settle(reader);
    scene.nodes.kill('n1');
    scene.hub.nudge();
    scene.settle(reader);
    scene.nodes.apply('n2', 2);
    scene.lead('n2');
    scene.settle(reader);
    expect(revisions(reader)).toEqual([1, 2, 3, 4]);
    scene.nodes.applyAll();
    scene.settle(reader);
    expect(revisions(reader)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('[W2] the same node leads again after a fall: it is asked again', async () => {
    const scene = new Scene();
    const reader = await scene.open({});
    scene.nodes.kill('n1');
    scene.hub.nudge();
    scene.settle(reader);
    scene.nodes.revive('n1');
    scene.lead('n1');
    scene.set('a', '1');
    scene.settle(reader);
    expect(revisions(reader)).toEqual([1]);
  });
});

describe('a slow reader', () => {
  test('[W4] holds no more than its sink has room for, is told that it lags, and gets everything in order', async () => {
    const scene = new Scene(50);
    const slow = await scene.open({}, null, 3);
    const fast = await scene.open({});
    for (let i = 0; i < 200; i++) {
      scene.set('a', String(i));
      scene.settle(fast);
    }
    expect(slow.heldCount).toBe(3);
    scene.time.pass(LAGGING_AFTER_MS);
    slow.take(1);
    scene.settle(slow, fast);
    expect(slow.of('lagging')).toEqual([{ type: 'lagging', through: 2, head: 200 }]);
    expect(revisions(slow)).toEqual(revisions(fast));
    expect(revisions(slow)).toHaveLength(200);
  });

  test('[W4] that takes nothing for long is ended with its reason, and the revision after which it can go on', async () => {
    const scene = new Scene();
    const dead = await scene.open({ key: 'a' }, null, 2);
    const quiet = await scene.open({ key: 'b' }, null, 2);
    quiet.takeAll();
    dead.takeAll();
    // It is slow from when there is something to take.
    scene.time.pass(4000);
    quiet.takeAll();
    for (let i = 0; i < 5; i++) scene.set('a', String(i));
    scene.nodes.deliver();
    for (let ms = 0; ms < SLOW_READER_AFTER_MS; ms += 1000) {
      expect(dead.end).toBeNull();
      expect(scene.hub.count).toBe(2);
      scene.time.pass(1000);
      quiet.takeAll();
    }
    expect(scene.hub.count).toBe(1);
    dead.takeAll();
    expect(dead.taken.at(-1)).toEqual({
      type: 'end',
      end: { code: 'SLOW_READER' },
      through: 2,
    });
    const again = await scene.open({ key: 'a' }, dead.through);
    scene.settle(again);
    expect([...revisions(dead), ...revisions(again)]).toEqual([1, 2, 3, 4, 5]);
  });

  test('[W4] that takes a little now and then is slow, and is left alone', async () => {
    const scene = new Scene();
    const slow = await scene.open({}, null, 2);
    for (let i = 0; i < 20; i++) scene.set('a', String(i));
    scene.nodes.deliver();
    for (let i = 0; i < 30; i++) {
      scene.time.pass(SLOW_READER_AFTER_MS - 1000);
      slow.take(1);
      scene.nodes.deliver();
    }
    scene.settle(slow);
    expect(revisions(slow)).toHaveLength(20);
    expect(slow.end).toBeNull();
  });
});

describe('a quiet watch', () => {
  test('[W5] tells how far it is, from which going on is cheap', async () => {
    const scene = new Scene();
    const reader = await scene.open({ key: 'a' });
    const other = await scene.open({ key: 'b' });
    scene.set('b', '1');
    scene.set('b', '2');
    scene.settle(reader, other);
    scene.time.pass(PROGRESS_EVERY_MS);
    scene.settle(reader, other);
    expect(reader.taken).toEqual([
      { type: 'progress', through: 0 },
      { type: 'progress', through: 2 },
    ]);
    scene.time.pass(PROGRESS_EVERY_MS);
    reader.takeAll();
    expect(reader.of('progress')).toHaveLength(3);
  });
});

describe('what cannot be watched', () => {
  test('[W6] a revision that is not reached is refused, and so is a watch without a leader', async () => {
    const scene = new Scene();
    scene.set('a', '1');
    expect(await scene.refused(2)).toEqual({ ok: false, code: 'REVISION_NOT_YET', head: 1 });
    const failed = { ok: false, code: 'READ_TIMEOUT', leader: null } as const;
    scene.nodes.headFails = failed;
    expect(await scene.refused()).toEqual({ ok: false, code: 'NO_HEAD', failed });
    expect(scene.hub.count).toBe(0);
    expect(scene.time.timerCount).toBe(0);
  });

  test('[W6] what the store refuses to tell ends the watch with its error', async () => {
    const scene = new Scene();
    for (let i = 0; i < 10; i++) scene.set('a', String(i));
    const head = await scene.open({});
    scene.nodes.horizon = { revision: 5, error: COMPACTED };
    const past = await scene.open({}, 3);
    scene.settle(head, past);
    expect(past.end).toEqual({ code: 'REFUSED', error: COMPACTED });
    expect(past.through).toBe(3);
    scene.set('a', 'on');
    scene.settle(head);
    expect(revisions(head)).toEqual([11]);
  });

  test('[W6] a horizon that passes the head itself ends all, each where it was', async () => {
    const scene = new Scene();
    const reader = await scene.open({});
    scene.set('a', '1');
    scene.settle(reader);
    scene.nodes.horizon = { revision: 9, error: COMPACTED };
    scene.set('a', '2');
    scene.settle(reader);
    expect(reader.end).toEqual({ code: 'REFUSED', error: COMPACTED });
    expect(reader.through).toBe(1);
    expect(scene.hub.count).toBe(0);
  });

  test('[W6] more watches than the limit are refused, and there is room when one is closed', async () => {
    const scene = new Scene();
    const readers: PlayedReader[] = [];
    for (let i = 0; i < MAX_WATCHES; i++) readers.push(await scene.open({ key: `k${i}` }));
    expect(await scene.refused()).toEqual({ ok: false, code: 'TOO_MANY_WATCHES' });
    readers[0]?.close();
    await scene.open({});
    expect(scene.hub.count).toBe(MAX_WATCHES);
  });
});

describe('the end', () => {
  test('[W6] a stop ends every watch with its reason, and takes no other', async () => {
    const scene = new Scene();
    scene.set('a', '1');
    const readers = [await scene.open({}), await scene.open({}, 0, 1)];
    scene.set('a', '2');
    scene.nodes.deliver(1);
    scene.hub.close();
    for (const reader of readers) {
      reader.takeAll();
      expect(reader.end).toEqual({ code: 'SHUTTING_DOWN' });
    }
    expect(await scene.refused()).toEqual({ ok: false, code: 'SHUTTING_DOWN' });
    const events = readers.map(({ taken }) => taken.length);
    scene.settle(...readers);
    expect(readers.map(({ taken }) => taken.length)).toEqual(events);
    expect(scene.time.timerCount).toBe(0);
  });

  test('[W6] a watch that is closed is told nothing more, while others go on', async () => {
    const scene = new Scene();
    const [closed, open] = [await scene.open({ key: 'a' }), await scene.open({ key: 'a' })];
    scene.settle(closed, open);
    closed.close();
    scene.set('a', '1');
    scene.settle(open);
    expect([closed.heldCount, revisions(open)]).toEqual([0, [1]]);
  });

  test('[W6] when nobody watches any more nothing is asked, and nothing kept', async () => {
    const scene = new Scene();
    const reader = await scene.open({});
    scene.set('a', '1');
    scene.settle(reader);
    reader.close();
    scene.set('a', '2');
    scene.settle(reader);
    const asked = scene.nodes.asked.length;
    scene.set('a', '3');
    scene.lead('n2');
    scene.settle(reader);
    expect(scene.nodes.asked).toHaveLength(asked);
    expect(revisions(reader)).toEqual([1]);
    expect(scene.time.timerCount).toBe(0);
    // The next one starts anew.
    const next = await scene.open({});
    scene.set('a', '4');
    scene.settle(next);
    expect(revisions(next)).toEqual([4]);
  });
});
