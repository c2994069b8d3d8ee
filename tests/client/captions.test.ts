/** The captions of a presentation. */
import { expect, test } from 'vitest';
import { MOST_WAITING, lastCaption, nextCaption } from '../../client/captions.ts';
import type { EventKind, EventView } from '../../contracts/view.ts';

function events(...kinds: readonly EventKind[]): readonly EventView[] {
  return kinds.map((kind, i) => ({
    seq: i + 1,
    atMs: i,
    kind,
    node: 'n1',
    term: 1,
    index: null,
    text: `${kind} ${i + 1}`,
  }));
}

/** All that is said from the beginning, in order. */
function told(all: readonly EventView[]): readonly number[] {
  const said: number[] = [];
  for (let next = nextCaption(all, 0); next !== null; next = nextCaption(all, next.seq)) {
    said.push(next.seq);
  }
  return said;
}

test('[U110] each event is said once, in order, but for votes and what is told by another sentence', () => {
  expect(told(events('node-killed', 'vote-cast', 'candidate', 'leader-elected'))).toEqual([
    1, 3, 4,
  ]);
  expect(nextCaption(events('node-killed'), 1)).toBeNull();
  expect(nextCaption([], 0)).toBeNull();
});

test('[U110] of a burst the last few are said, and before them only what matters', () => {
  const burst = events(
    'link-cut',
    'node-killed',
    'link-cut',
    ...repeat('link-healed', MOST_WAITING),
  );
  expect(told(burst)).toEqual([2, 4, 5, 6, 7]);
});

test('[U110] a presentation begins with the last event worth telling', () => {
  expect(lastCaption(events('leader-elected', 'vote-cast'))?.seq).toBe(1);
  expect(lastCaption(events('vote-cast'))).toBeNull();
});

function repeat(kind: EventKind, count: number): readonly EventKind[] {
  return Array.from({ length: count }, () => kind);
}
