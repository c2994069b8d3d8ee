/** A write on its way: each step by what nodes prove, and never before. */
import { describe, expect, test } from 'vitest';
import { awaited, stepsOf } from '../../client/write-steps.ts';
import { answered, newTrack, tracked } from '../../client/write-track.ts';
import type { WriteTrack } from '../../client/write-track.ts';
import type { TransitView } from '../../contracts/pace.ts';
import type { ClusterView, EntryView, NodeView } from '../../contracts/view.ts';
import { nodeView, viewOf } from './views.ts';

const MINE = { clientId: 's12-m5x0', sequence: 4 };

/** Entry 128 of term 7, which n2 leads, or as `parts` has it. */
function entry(parts: Partial<EntryView> = {}): EntryView {
  const name = 's12-m5x0/4';
  return { index: 128, term: 7, stamp: 1, kind: 'set', label: 'city.name = Oslo', name, ...parts };
}

const UPTO_127 = { termRuns: [{ term: 7, from: 1, to: 127 }], lastIndex: 127, persistedIndex: 127 };
const UPTO_128 = { termRuns: [{ term: 7, from: 1, to: 128 }], lastIndex: 128, persistedIndex: 127 };
const BEFORE = { term: 7, leader: 'n2', commitIndex: 127, lastApplied: 127 };

/** A cluster in which all have entry 127 of term 7 and n2 leads, but for `parts`. */
function cluster(
  parts: Partial<Record<'n1' | 'n2' | 'n3', Partial<NodeView>>> = {},
  whole: Partial<ClusterView> = {},
): ClusterView {
  const nodes = (['n1', 'n2', 'n3'] as const).map((id) =>
    nodeView(id, { ...BEFORE, ...UPTO_127, ...(id === 'n2' && { role: 'leader' }), ...parts[id] }),
  );
  return viewOf(nodes, whole);
}

/** n2 has the entry, not yet on disk. */
const APPENDED = cluster({ n2: UPTO_128 }, { entries: [entry()] });

function seen(...views: readonly ClusterView[]): WriteTrack {
  return views.reduce(tracked, newTrack(MINE));
}

function states(track: WriteTrack | null): string {
  return stepsOf(track)
    .map(({ state }) => state)
    .join(' ');
}

function details(track: WriteTrack): readonly string[] {
  return stepsOf(track).map(({ detail }) => detail);
}

function message(parts: Partial<TransitView>): TransitView {
  return {
    id: 'm',
    from: 'n2',
    to: 'n1',
    type: 'AppendEntries',
    term: 7,
    refused: false,
    entries: 1,
    fields: [{ name: 'prevLogIndex', value: '127' }],
    sentAtMs: 0,
    arrivesAtMs: 1,
    ...parts,
  };
}

describe('steps', () => {
  test('[U115] nothing is lit before a node has proved it, and an entry of another name proves nothing', () => {
    expect(states(null)).toBe('ahead ahead ahead ahead ahead');
    const others = [entry({ name: 's12-m5x0/3' }), { ...entry(), name: 's9-a/4', index: 127 }];
    expect(states(seen(cluster({}, { entries: others })))).toBe('ahead ahead ahead ahead ahead');
  });

  test('[U115] accepted and appended with the entry, acknowledged disk by disk, then committed and applied', () => {
    const onOwnDisk = cluster({ n2: { ...UPTO_128, persistedIndex: 128 } });
    const stored = { ...UPTO_128, persistedIndex: 128 };
    const onTwo = cluster({ n2: stored, n3: stored });
    const committed = cluster({ n2: { ...stored, commitIndex: 128 }, n3: stored });
    const applied = cluster({ n2: { ...stored, commitIndex: 128, lastApplied: 128 }, n3: stored });
    const story = [APPENDED, onOwnDisk, onTwo, committed, applied];
    const told = story.map((_, i) => states(seen(...story.slice(0, i + 1))));
    expect(told).toEqual([
      'done done ahead ahead ahead',
      'done done begun ahead ahead',
      'done done done ahead ahead',
      'done done done done ahead',
      'done done done done done',
    ]);
    expect(details(seen(...story))).toEqual([
      'by n2',
      'at index 128',
      'n2 n3, 2 of 3',
      'in term 7',
      'on 1 of 3',
    ]);
    // A view that tells nothing new makes no new track.
    const last = seen(...story);
    expect(tracked(last, applied)).toBe(last);
  });

  test('[U115] a leader knows of a follower’s disk what it heard from there, in its own term', () => {
    const progress = (matchIndex: number) => [
      {
        peer: 'n3',
        matchIndex,
        nextIndex: 129,
        state: 'replicate' as const,
        inflight: 0,
        snapshotTo: null,
        lastAckAgoMs: 0,
      },
    ];
    const heard = (matchIndex: number, parts: Partial<NodeView> = {}) =>
      seen(APPENDED, cluster({ n2: { ...UPTO_128, progress: progress(matchIndex), ...parts } }));
    expect(heard(127).stored).toEqual([]);
    expect(heard(128).stored).toEqual(['n3']);
    // What a leader of a later term heard is of another log, if this entry is not in it.
    const other = { termRuns: [{ term: 8, from: 128, to: 128 }], lastIndex: 128 };
    expect(heard(128, other).stored).toEqual([]);
  });

  test('[U115] one who dies keeps its disk; what was committed or applied stays so when nobody tells it any more', () => {
    const stored = { ...UPTO_128, persistedIndex: 128 };
    const dead = cluster({ n2: { ...stored, state: 'down' }, n3: stored });
    expect(seen(APPENDED, dead).stored).toEqual(['n2', 'n3']);
    // Whose log was truncated meanwhile has it no more.
    const other = { ...stored, termRuns: [{ term: 8, from: 128, to: 128 }] };
    expect(seen(APPENDED, dead, cluster({ n2: stored, n3: other })).stored).toEqual(['n2']);
    const done = { ...stored, commitIndex: 128, lastApplied: 128 };
    const all = seen(APPENDED, cluster({ n1: done, n2: done, n3: done }));
    const compacted = {
      commitIndex: 500,
      lastApplied: 500,
      firstIndex: 400,
      lastIndex: 500,
      termRuns: [{ term: 9, from: 400, to: 500 }],
    };
    const later = tracked(all, cluster({ n1: compacted, n2: compacted, n3: compacted }));
    expect(states(later)).toBe('done done done done done');
    expect(details(later)).toEqual(details(all));
  });

  test('[U115] an entry that another was committed in place of is lost, and a second proposal is followed', () => {
    const other = {
      termRuns: [
        { term: 7, from: 1, to: 127 },
        { term: 8, from: 128, to: 128 },
      ],
      term: 8,
      lastIndex: 128,
      persistedIndex: 128,
      commitIndex: 128,
      leader: 'n3',
    };
    const lost = seen(
      APPENDED,
      cluster({ n1: other, n2: { ...UPTO_128, state: 'down' }, n3: { ...other, role: 'leader' } }),
    );
    expect(states(lost)).toBe('done lost ahead ahead ahead');
    expect(details(lost)[1]).toBe('lost 128');
    expect(awaited(lost, true)).toContain('overwritten in term 8');
    const longer = {
      ...other,
      termRuns: [
        { term: 7, from: 1, to: 127 },
        { term: 8, from: 128, to: 129 },
      ],
      lastIndex: 129,
      persistedIndex: 129,
    };
    const view = cluster(
      { n1: longer, n2: { ...UPTO_128, state: 'down' }, n3: { ...longer, role: 'leader' } },
      { entries: [entry(), entry({ index: 129, term: 8 })] },
    );
    const anew = tracked(lost, view);
    expect(anew.place).toEqual({ index: 129, term: 8, leader: 'n3' });
    expect(states(anew)).toBe('done done done ahead ahead');
  });

  test('[U115] of two proposals the one that is committed counts', () => {
    const runs = [
      { term: 7, from: 1, to: 128 },
      { term: 8, from: 129, to: 130 },
    ];
    const both = { term: 8, termRuns: runs, lastIndex: 130, persistedIndex: 130, leader: 'n3' };
    const entries = [entry(), entry({ index: 130, term: 8 })];
    const before = cluster({ n1: both, n3: { ...both, role: 'leader' } }, { entries });
    expect(seen(before).place?.index).toBe(130);
    const after = { ...both, commitIndex: 129 };
    const view = cluster({ n1: after, n3: { ...after, role: 'leader' } }, { entries });
    expect(seen(before, view).place).toMatchObject({ index: 128, term: 7 });
  });

  test('[U115] an answer proves the commit before any view does, also that of a repeat in a later term', () => {
    const answer = { revision: 128, term: 9, leader: 'n3' };
    const first = answered(newTrack(MINE), answer);
    expect(states(first)).toBe('done done done done done');
    expect(details(first)[2]).toBe('by a quorum');
    const done = { ...UPTO_128, persistedIndex: 128, commitIndex: 128, lastApplied: 128 };
    const track = tracked(first, cluster({ n1: done, n2: done }));
    expect(track.place).toEqual({ index: 128, term: 7, leader: 'n2' });
    expect(track.stored).toEqual(['n1', 'n2']);
    expect(track.applied).toEqual(['n1', 'n2', 'n3']);
  });
});

describe('what is awaited', () => {
  test('[U115] a session, a leader, messages on their way, the answer', () => {
    expect(awaited(null, true)).toContain('a session');
    expect(awaited(null, false)).toContain('No node leads');
    expect(awaited(newTrack(MINE), true)).toBe('On its way to the leader.');
    const transit = [
      message({ to: 'n1' }),
      message({ to: 'n3', entries: 0 }),
      message({ to: 'n3', fields: [{ name: 'prevLogIndex', value: '128' }] }),
      message({
        from: 'n3',
        to: 'n2',
        type: 'AppendEntriesResponse',
        fields: [{ name: 'matchIndex', value: '128' }],
      }),
    ];
    const under = { n2: UPTO_128, n3: { ...UPTO_128, persistedIndex: 128 } };
    const way = seen(APPENDED, cluster(under, { transit }));
    expect(awaited(way, true)).toBe('Entry 128: on the way to n1, back from n3.');
    expect(awaited(way, false)).toBe('Entry 128 waits for a leader.');
    expect(awaited(seen(APPENDED), true)).toContain('to the disks of a quorum');
    expect(awaited(answered(way, { revision: 128, term: 7, leader: 'n2' }), true)).toContain(
      'is committed: its answer is asked for',
    );
  });

  test('[U115] a refusal, or a message of an older term, brings nothing of it', () => {
    const transit = [
      message({ type: 'AppendEntriesResponse', refused: true, from: 'n3', to: 'n2' }),
      message({ term: 6 }),
      // Another leader's entry for the same place, and the acknowledgement of one who holds that.
      message({
        term: 8,
        fields: [
          { name: 'prevLogIndex', value: '127' },
          { name: 'entry 128', value: 'term 8: term 8 begins' },
        ],
      }),
      message({ type: 'Heartbeat', fields: [{ name: 'leaderCommit', value: '127' }] }),
    ];
    expect(seen(APPENDED, cluster({ n2: UPTO_128 }, { transit })).way).toEqual({
      to: [],
      from: [],
    });
  });
});
