/** Speed and messages on their way, as the view tells of them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { applyPatch } from '../../client/live-store.ts';
import { Patch } from '../../contracts/live.ts';
import { ClusterView } from '../../contracts/view.ts';
import { ClusterViewFold } from '../../server/cluster/cluster-view.ts';
import { describeHappenings } from '../../server/cluster/step-text.ts';
import type { TransitReport } from '../../server/node/pace-control.ts';

const NOTHING: TransitReport = { from: 'n1', boot: 1, sent: [], ended: [], steps: [] };

function sent(number: number): TransitReport['sent'][number] {
  return {
    number,
    takesMs: 20,
    from: 'n1',
    to: 'n2',
    type: 'AppendEntries',
    term: 3,
    refused: false,
    entries: 1,
    fields: [{ name: 'prevLogIndex', value: '7' }],
  };
}

describe('the view of a slowed cluster', () => {
  let fold: ClusterViewFold;
  let seen: ClusterView;

  beforeEach(() => {
    fold = new ClusterViewFold({
      epoch: 'e',
      clusterId: 'c',
      nodes: ['n1', 'n2', 'n3'],
      heartbeatIntervalMs: 30,
      electionTimeoutMs: 300,
      nowMs: 1000,
    });
    fold.takePatch(1000);
    seen = fold.view(1000);
  });

  /** What a page makes of the patch, which is what one that joins now is told. */
  function pass(): ClusterView {
    seen = applyPatch(seen, Patch.parse(fold.takePatch(2000)));
    expect({ ...seen, atMs: 0 }).toEqual({ ...ClusterView.parse(fold.view(2000)), atMs: 0 });
    return seen;
  }

  it('[V15] tells of each change of speed at once, and in the feed', () => {
    expect(seen.pace.pace).toBe(1);
    fold.pace({ pace: 0.1, clusterMs: 500, atMs: 1500 }, 'slower');
    expect(fold.isUrgent).toBe(true);
    expect(pass().pace).toEqual({ pace: 0.1, clusterMs: 500, atMs: 1500 });
    expect(seen.events.at(-1)).toMatchObject({ kind: 'pace-changed', text: 'slower' });
    expect(fold.takePatch(2000)).toBeNull();
  });

  it('[V15] tells of each message from when it is sent until it arrives, is dropped or is lost', () => {
    fold.transit({ ...NOTHING, sent: [sent(1), sent(2), sent(3)] }, 100, 1500);
    const [first] = pass().transit;
    expect(first).toMatchObject({ id: 'n1-1-1', sentAtMs: 100, arrivesAtMs: 120 });
    expect(first?.fields).toEqual([{ name: 'prevLogIndex', value: '7' }]);
    fold.transit({ ...NOTHING, ended: [{ number: 1, how: 'arrived' }] }, 120, 1600);
    expect(pass().transit.map(({ id }) => id)).toEqual(['n1-1-2', 'n1-1-3']);
    fold.transit({ ...NOTHING, ended: [{ number: 3, how: 'dropped' }] }, 130, 1700);
    expect(pass().transit.map(({ id }) => id)).toEqual(['n1-1-2']);
    expect(seen.events.at(-1)?.text).toBe('AppendEntries from n1 to n2 was dropped by hand');
    fold.nodeState('n1', 'down', 'killed', 1800);
    expect(pass().transit).toEqual([]);
  });

  it('[V15] says nothing of what was over before it could be told, and keeps the newest of too many', () => {
    fold.transit({ ...NOTHING, sent: [sent(1)] }, 100, 1500);
    fold.transit({ ...NOTHING, ended: [{ number: 1, how: 'arrived' }] }, 120, 1500);
    expect(fold.takePatch(2000)).toBeNull();
    for (let number = 1; number <= 300; number++)
      fold.transit({ ...NOTHING, boot: 2, sent: [sent(number)] }, number, 1500);
    const { transit } = pass();
    expect(transit).toHaveLength(200);
    expect(transit.at(-1)?.id).toBe('n1-2-300');
  });

  it('[U120] does not say of one of too many that it was lost', () => {
    const numbers = Array.from({ length: 200 }, (_, i) => i + 1);
    fold.transit({ ...NOTHING, sent: numbers.map(sent) }, 1, 1500);
    pass();
    const ended = [{ number: 2, how: 'lost' }] as const;
    fold.transit({ ...NOTHING, sent: [sent(201), sent(202)], ended }, 2, 1600);
    expect(fold.takePatch(2000)?.transit?.ended).toEqual([
      { id: 'n1-1-2', how: 'lost' },
      { id: 'n1-1-1', how: 'untold' },
    ]);
  });
});

describe('a step in words', () => {
  it('[K31] begins with its cause, and joins what goes to several', () => {
    const to = (node: string) => ({ from: 'n3', to: node, message: 'RequestVote' }) as const;
    expect(
      describeHappenings([
        { type: 'sent', ...to('n2') },
        { type: 'sent', ...to('n1') },
        { type: 'electionTimeout', node: 'n3' },
        { type: 'arrived', ...to('n1') },
      ]),
    ).toEqual([
      'RequestVote from n3 arrives at n1',
      'n3 has heard no leader for its election time-out',
      'n3 sends RequestVote to n1 and n2',
    ]);
    expect(describeHappenings([{ type: 'lost', ...to('n1') }])).toEqual([
      'RequestVote from n3 to n1 is lost',
    ]);
  });
});
