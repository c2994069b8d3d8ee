/** What is recorded of the views, how much of it is kept, and that it plays back as it was. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSentRecording } from '../../client/recording-file.ts';
import type { RecordingFile } from '../../client/recording-file.ts';
import { patchesOf } from '../../client/recording-file.ts';
import { joinLanes } from '../../client/recording-lanes.ts';
import { applyPatch } from '../../client/live-store.ts';
import { SegmentPlayer } from '../../client/replay.ts';
import { RecordingAnswer } from '../../contracts/recording.ts';
import type { ClusterView } from '../../contracts/view.ts';
import { must } from '../../server/base/assert.ts';
import { ClusterViewFold } from '../../server/cluster/cluster-view.ts';
import { FlightRecorder, RECORDER_LIMITS } from '../../server/cluster/flight-recorder.ts';
import type { RecorderLimits } from '../../server/cluster/flight-recorder.ts';
import { NO_FAULTS } from '../../contracts/faults.ts';
import { OPEN_LINK } from '../../server/node/control.ts';
import { report } from './reports.ts';

const NODES = ['n1', 'n2', 'n3'];
const CONF = { voters: NODES, votersOutgoing: [], learners: [] };

/** A fold whose patches are recorded, and the views that a live page had after each. */
class Recorded {
  readonly fold: ClusterViewFold;
  readonly recorder: FlightRecorder;
  readonly shown: ClusterView[] = [];
  nowMs = 1000;

  constructor(limits: Partial<RecorderLimits> = {}) {
    this.fold = new ClusterViewFold({
      epoch: 'e',
      clusterId: 'c',
      nodes: NODES,
      heartbeatIntervalMs: 30,
      electionTimeoutMs: 300,
      nowMs: this.nowMs,
    });
    this.recorder = new FlightRecorder('c', 'e', { ...RECORDER_LIMITS, ...limits });
  }

  patch(): void {
    const patch = this.fold.takePatch(this.nowMs);
    if (patch === null) return;
    this.recorder.record(patch, () => this.fold.view(this.nowMs));
    const last = this.shown.at(-1);
    this.shown.push(last === undefined ? this.fold.view(this.nowMs) : applyPatch(last, patch));
  }

  /** Ten patches a second of a cluster at rest. */
  run(ms: number): void {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs; ) {
      this.nowMs += 100;
      for (const id of NODES) this.serve(id);
      this.patch();
    }
  }

  serve(id: string, role: 'leader' | 'follower' = id === 'n1' ? 'leader' : 'follower'): void {
    this.fold.report(
      report(id, {
        atMs: this.nowMs,
        status: { role, term: 1, leader: 'n1', confState: CONF, lastHeardMono: 0 },
      }),
    );
  }

  up(): void {
    for (const id of NODES) this.fold.nodeState(id, 'serving', null, this.nowMs);
  }

  file(): RecordingFile {
    const text = [...this.recorder.file(this.recorder.kept(), this.nowMs)].join('');
    const read = readSentRecording(text);
    expect(read).toMatchObject({ ok: true });
    return must(read.ok ? read.file : null, 'it was read');
  }
}

describe('the flight recorder', () => {
  it('[V26] keeps whole segments that each begin with a view, as long as they are young enough', () => {
    const recorded = new Recorded({ ageMs: 60_000, segmentMs: 10_000 });
    recorded.up();
    recorded.run(200_000);
    const { kept, segments } = RecordingAnswer.parse(recorded.recorder.summary());
    expect(segments).toHaveLength(7);
    expect(kept?.toMs).toBe(recorded.nowMs);
    expect(recorded.nowMs - (kept?.fromMs ?? 0)).toBeGreaterThanOrEqual(60_000);
    expect(recorded.nowMs - (kept?.fromMs ?? 0)).toBeLessThan(80_000);
    for (const [i, { fromMs, toMs, seq, patches }] of segments.entries()) {
      const next = segments[i + 1];
      if (next === undefined) continue;
      expect([next.fromMs, next.seq]).toEqual([toMs, seq + patches + 1]);
      expect(toMs - fromMs).toBe(10_000);
    }
    expect(kept?.lastSeq).toBe(recorded.fold.currentSeq);
    expect(recorded.file().segments[0]?.view.seq).toBe(segments[0]?.seq);
  });

  it('[V26] drops from the front what is beyond its bytes, and goes on recording', () => {
    const recorded = new Recorded({ bytes: 200_000, segmentBytes: 20_000 });
    recorded.up();
    recorded.run(120_000);
    const { kept, segments } = recorded.recorder.summary();
    const held = recorded.recorder.kept().reduce((sum, { text }) => sum + text.length, 0);
    expect(held).toBeLessThan(230_000);
    expect(kept?.bytes).toBeLessThanOrEqual(200_000);
    expect(kept?.bytes).toBeGreaterThan(150_000);
    expect(segments[0]?.segment).toBeGreaterThan(5);
    expect(kept?.lastSeq).toBe(recorded.fold.currentSeq);
  });

  it('[V26] is not misled by a clock that is set back', () => {
    const recorded = new Recorded();
    recorded.up();
    recorded.run(1000);
    recorded.nowMs -= 5000;
    recorded.run(1000);
    const times = recorded
      .file()
      .segments.flatMap((segment) => [
        segment.view.atMs,
        ...patchesOf(segment).map(({ atMs }) => atMs),
      ]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('[V27] notes who led with a quorum, what was broken, calls that failed, and events', () => {
    const recorded = new Recorded({ segmentMs: 1000 });
    recorded.up();
    recorded.run(2000);
    recorded.fold.link('n2', 'n3', { ...OPEN_LINK, cut: true }, recorded.nowMs);
    recorded.run(2000);
    recorded.fold.link('n2', 'n3', OPEN_LINK, recorded.nowMs);
    recorded.fold.nodeState('n1', 'down', 'killed', recorded.nowMs);
    recorded.patch();
    const killedMs = recorded.nowMs;
    recorded.fold.endSecond(killedMs, { writes: 0, reads: 0, failed: 4 });
    recorded.nowMs += 500;
    recorded.fold.report(
      report('n2', { atMs: recorded.nowMs, status: { role: 'leader', term: 2, leader: 'n2' } }),
    );
    recorded.patch();
    const lanes = joinLanes(recorded.recorder.summary().segments);
    // A leader whom nobody follows yet does not count.
    expect(lanes.leaders.map(({ node, term }) => [node, term]).slice(-2)).toEqual([
      ['n1', 1],
      [null, null],
    ]);
    expect(lanes.leaders.at(-1)).toMatchObject({ fromMs: killedMs, toMs: recorded.nowMs });
    expect(lanes.faults.filter(({ fromMs }) => fromMs > 1100)).toEqual([
      { kind: 'link-cut', what: 'n2>n3', fromMs: 3100, toMs: 5000 },
      { kind: 'node-down', what: 'n1', fromMs: 5000, toMs: 5500 },
    ]);
    expect(lanes.failed).toEqual([{ atMs: killedMs, count: 4 }]);
    expect(lanes.events.map(({ kind }) => kind)).toContain('node-killed');
    expect(new Set(lanes.events.map(({ seq }) => seq)).size).toBe(lanes.events.length);
  });

  it('[V35] notes when the log grew or was read, and no more of a cluster that only beats', () => {
    const recorded = new Recorded({ segmentMs: 3000 });
    recorded.up();
    recorded.run(4000);
    const quietMs = recorded.nowMs;
    recorded.fold.endSecond(quietMs - 1000, { writes: 0, reads: 0, failed: 0 });
    recorded.run(2000);
    const grewMs = recorded.nowMs;
    take(recorded, { do: 'report', node: 0, term: 1, entries: 2 }, { index: 0, names: 3 });
    recorded.patch();
    recorded.run(4000);
    const readMs = recorded.nowMs;
    recorded.fold.endSecond(readMs, { writes: 0, reads: 3, failed: 0 });
    recorded.run(1000);
    recorded.fold.endSecond(readMs + 1000, { writes: 0, reads: 1, failed: 0 });
    recorded.run(4000);
    const { busy } = joinLanes(recorded.recorder.summary().segments);
    expect(busy).toEqual([
      { fromMs: grewMs, toMs: grewMs },
      { fromMs: readMs, toMs: readMs + 2000 },
    ]);
  });

  it('[V27] notes a fault of a node or a link that still works, whatever it is', () => {
    const recorded = new Recorded({ segmentMs: 1000 });
    recorded.up();
    recorded.run(2000);
    recorded.fold.link('n2', 'n3', { ...OPEN_LINK, reorder: 0.5 }, recorded.nowMs);
    recorded.fold.faults('n2', { ...NO_FAULTS, clockOffsetMs: -40 }, recorded.nowMs);
    const changedMs = recorded.nowMs;
    recorded.run(2000);
    recorded.fold.faults('n2', NO_FAULTS, recorded.nowMs);
    recorded.run(1000);
    const { faults } = joinLanes(recorded.recorder.summary().segments);
    const since = faults.filter(({ toMs }) => toMs > changedMs);
    expect(since.map(({ kind, what }) => `${kind} ${what}`).toSorted()).toEqual([
      'link-changed n2>n3',
      'node-changed n2',
    ]);
    const [ofNode] = since.filter(({ kind }) => kind === 'node-changed');
    expect(ofNode?.fromMs).toBeGreaterThanOrEqual(changedMs);
    expect(ofNode?.toMs).toBeLessThanOrEqual(changedMs + 2200);
  });
});

type Step =
  | {
      readonly do: 'report';
      readonly node: number;
      readonly term: number;
      readonly entries: number;
    }
  | { readonly do: 'state'; readonly node: number; readonly up: boolean }
  | { readonly do: 'link'; readonly from: number; readonly cut: boolean }
  | { readonly do: 'member'; readonly added: boolean }
  | { readonly do: 'second' }
  | { readonly do: 'patch'; readonly laterMs: number };

const node = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('patch' as const),
      laterMs: fc.integer({ min: 0, max: 400 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      node,
      term: fc.integer({ min: 1, max: 4 }),
      entries: fc.integer({ min: 0, max: 90 }),
    }),
  },
  fc.record({ do: fc.constant('state' as const), node, up: fc.boolean() }),
  fc.record({ do: fc.constant('link' as const), from: node, cut: fc.boolean() }),
  fc.record({ do: fc.constant('member' as const), added: fc.boolean() }),
  fc.record({ do: fc.constant('second' as const) }),
);

function take(recorded: Recorded, one: Step, told: { index: number; names: number }): void {
  const { fold } = recorded;
  const id = (at: number): string => must(NODES[at], 'a node');
  switch (one.do) {
    case 'report': {
      const newEntries = Array.from({ length: one.entries }, () => ({
        index: ++told.index,
        term: one.term,
        stamp: told.index,
        kind: 'set' as const,
        label: `k${told.index}`,
      }));
      fold.report(
        report(id(one.node), {
          atMs: recorded.nowMs,
          newEntries,
          status: {
            term: one.term,
            role: one.node === 0 ? 'leader' : 'follower',
            commitIndex: told.index,
            confState: CONF,
          },
        }),
      );
      return;
    }
    case 'state':
      return fold.nodeState(id(one.node), one.up ? 'serving' : 'down', null, recorded.nowMs);
    case 'link':
      return fold.link(
        id(one.from),
        id((one.from + 1) % 3),
        { ...OPEN_LINK, cut: one.cut },
        recorded.nowMs,
      );
    case 'member':
      if (one.added) fold.addNode(`n${++told.names}`, recorded.nowMs);
      else if (told.names > 3 && fold.members().members.includes(`n${told.names}`))
        fold.removeNode(`n${told.names}`, recorded.nowMs);
      return;
    case 'second':
      return fold.endSecond(recorded.nowMs, { writes: 1, reads: 0, failed: 0 });
    case 'patch':
      recorded.nowMs += one.laterMs;
      recorded.patch();
  }
}

describe('a replay', () => {
  it('[V28] shows after each patch what the live page showed, from any view before it', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 110 }), (steps) => {
        const recorded = new Recorded({ segmentPatches: 40, segmentMs: 6000 });
        const told = { index: 0, names: 3 };
        for (const one of steps) take(recorded, one, told);
        recorded.patch();
        const live = new Map(recorded.shown.map((view) => [view.seq, view]));
        for (const segment of recorded.file().segments) {
          const player = new SegmentPlayer(segment.view, patchesOf(segment));
          // Backwards, so that what was shown before is of no help.
          for (let count = segment.patches; count >= 0; count--) {
            const view = player.viewAfter(count);
            const { entries, ...rest } = must(live.get(segment.seq + count), 'it was shown');
            const { entries: replayed, ...others } = view;
            expect(others).toEqual(rest);
            // A segment begins with more entries than patches under load tell of.
            expect(replayed).toEqual(expect.arrayContaining(entries.slice(-64)));
          }
        }
      }),
      { numRuns: 8 },
    );
  });
});
