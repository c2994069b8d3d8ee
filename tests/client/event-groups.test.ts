import { describe, expect, test } from 'vitest';
import { announce, eventGroups, feedPage, groupOf } from '../../client/event-groups.ts';
import { eventKinds } from '../../contracts/view.ts';
import type { EventKind, EventView } from '../../contracts/view.ts';

function events(...kinds: readonly EventKind[]): readonly EventView[] {
  return kinds.map((kind, i) => ({
    seq: i + 1,
    atMs: i,
    kind,
    node: 'n1',
    term: null,
    index: null,
    text: `${kind} ${i + 1}`,
  }));
}

const EVENTS = events('server-started', 'candidate', 'link-cut', 'leader-elected', 'vote-cast');

describe('the event feed', () => {
  test('[U39] every kind of event belongs to a group', () => {
    expect(eventKinds.map(groupOf).filter((group) => !eventGroups.includes(group))).toEqual([]);
    expect(new Set(eventKinds.map(groupOf)).size).toBe(eventGroups.length);
  });

  test('[U39] the newest come first, hidden groups left out, and no more than fit', () => {
    const page = (hidden: Parameters<typeof feedPage>[1], upTo: number | null, count = 9) => {
      const { shown, held } = feedPage(EVENTS, hidden, upTo, count);
      return [shown.map((event) => event.seq), held];
    };
    expect(page(new Set(), null)).toEqual([[5, 4, 3, 2, 1], 0]);
    expect(page(new Set(), null, 2)).toEqual([[5, 4], 0]);
    expect(page(new Set(['elections']), null)).toEqual([[3, 1], 0]);
  });

  test('[U39] what was heard of late stands at its time, but a clock that was set back hides nothing', () => {
    const order = (...times: readonly number[]) => {
      const told = events(...times.map(() => 'vote-cast' as const));
      const timed = told.map((event, i) => ({ ...event, atMs: times[i] ?? 0 }));
      return feedPage(timed, new Set(), null, 9).shown.map((event) => event.atMs);
    };
    expect(order(5000, 5040, 5010, 5010, 5020)).toEqual([5040, 5020, 5010, 5010, 5000]);
    expect(order(9000, 5000, 5100)).toEqual([5100, 5000, 9000]);
  });

  test('[U39] a reader who scrolled is not moved: later events are held and counted', () => {
    const { shown, held } = feedPage(EVENTS, new Set(['links']), 2, 9);
    expect(shown.map((event) => event.seq)).toEqual([2, 1]);
    expect(held).toBe(2);
  });

  test('[U39] a burst is said in one sentence: what matters most, and how many more', () => {
    expect(announce(EVENTS, 0)).toBe('leader-elected 4, and 4 more events');
    expect(announce(EVENTS, 3)).toBe('leader-elected 4, and 1 more event');
    expect(announce(EVENTS, 4)).toBe('vote-cast 5');
    expect(announce(EVENTS, 5)).toBe('');
  });
});
