/** What the page looks at: live, held still, or a moment of a recording. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { initialState, reduce } from '../../client/live-store.ts';
import type { LiveState } from '../../client/live-store.ts';
import { readSentRecording } from '../../client/recording-file.ts';
import { FileSource } from '../../client/recording-source.ts';
import type { Loaded, RecordingSource } from '../../client/recording-source.ts';
import { Viewing } from '../../client/viewing.ts';
import type { Lanes, SegmentInfo } from '../../contracts/recording.ts';
import { writeLine } from '../../contracts/recording-lines.ts';
import { must } from '../../server/base/assert.ts';
import { nodeView, viewOf } from './views.ts';

const EVENTS: Lanes['events'] = [
  { seq: 1, atMs: 2000, kind: 'node-killed', text: 'n1 was killed' },
  { seq: 2, atMs: 14_000, kind: 'leader-elected', text: 'n2 leads' },
];

/** Two segments of ten seconds from 0 on, with a patch each second whose number is that second's. */
function recordingText(): string {
  const lines: object[] = [
    { format: 'chronoraft-recording', version: 1, cluster: 'c', epoch: 'e1', madeAtMs: 0 },
  ];
  for (const segment of [1, 2]) {
    const fromMs = (segment - 1) * 10_000;
    const seq = fromMs / 1000;
    const events = EVENTS.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + 10_000);
    const lanes: Lanes = { leaders: [], faults: [], failed: [], busy: [], events };
    const view = viewOf([nodeView('n1', { commitIndex: seq })], { seq, atMs: fromMs });
    lines.push({ segment, fromMs, toMs: fromMs + 10_000, seq, patches: 9, lanes, view });
    for (let i = 1; i <= 9; i++)
      lines.push({
        epoch: 'e1',
        seq: seq + i,
        atMs: fromMs + i * 1000,
        nodes: [{ id: 'n1', commitIndex: seq + i }],
      });
  }
  lines.push({ end: true, segments: 2, patches: 18 });
  return lines.map((line) => `${writeLine(line)}\n`).join('');
}

function whole(): FileSource {
  const read = readSentRecording(recordingText());
  return new FileSource('file', must(read.ok ? read.file : null, 'it is whole'));
}

/** A server's recording whose answers come when the test lets them. */
class SlowSource implements RecordingSource {
  readonly fileName = null;
  readonly cluster = 'c';
  readonly epoch = 'e1';
  readonly waiting: (() => void)[] = [];
  isUp = true;
  isGone = false;
  private readonly file = whole();

  get segments(): readonly SegmentInfo[] {
    return this.file.segments;
  }

  refresh(): Promise<boolean> {
    return Promise.resolve(this.isUp);
  }

  async load(info: SegmentInfo): Promise<Loaded> {
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.isGone ? { ok: false, message: 'not kept' } : this.file.load(info);
  }

  /** Answers all that is asked for, the last question first. */
  answer(): void {
    for (const answer of this.waiting.splice(0).toReversed()) answer();
  }
}

describe('the view of the page', () => {
  let stream: StoreApi<LiveState>;
  let source: SlowSource;
  let viewing: Viewing;

  beforeEach(async () => {
    stream = createStore(() => initialState(viewOf([nodeView('n1')], { seq: 100 })));
    source = new SlowSource();
    viewing = new Viewing(stream, source);
    stream.subscribe(() => viewing.followLive());
    await viewing.refresh();
  });

  function patch(seq: number): void {
    const made = { epoch: 'e1', seq, atMs: seq * 1000 };
    stream.setState((state) => reduce(state, { type: 'patch', patch: made, nowMs: 0 }), true);
  }

  const shownSeq = () => viewing.shown.getState().view?.seq;
  const shown = () => {
    const { mode, atMs, playing, problem, busy } = viewing.state.getState();
    return { mode, atMs, playing, problem, busy };
  };

  /** Seeks, and lets the server answer at once. */
  async function seek(ms: number): Promise<void> {
    const sought = viewing.seek(ms);
    source.answer();
    await sought;
  }

  it('[V31] follows the stream, holds still while it goes on, and is back at once', () => {
    patch(101);
    expect(shownSeq()).toBe(101);
    viewing.pause(101_500);
    patch(102);
    patch(103);
    expect([shownSeq(), stream.getState().view?.seq]).toEqual([101, 103]);
    expect(shown()).toMatchObject({ mode: 'paused', atMs: 101_500 });
    viewing.backToLive();
    expect([shownSeq(), shown().mode, shown().atMs]).toEqual([103, 'live', null]);
  });

  it('[V31] shows any moment of the recording, whatever the stream brings meanwhile', async () => {
    await seek(13_400);
    expect([shownSeq(), shown().mode, shown().atMs]).toEqual([13, 'replay', 13_400]);
    patch(101);
    expect(shownSeq()).toBe(13);
    expect(viewing.shown.getState().packets).toEqual([]);
    await seek(3000);
    expect(shownSeq()).toBe(3);
    await seek(99_000);
    expect([shownSeq(), shown().atMs]).toEqual([19, 20_000]);
    await seek(-5);
    expect([shownSeq(), shown().atMs]).toEqual([0, 0]);
    viewing.backToLive();
    expect(shownSeq()).toBe(101);
  });

  it('[V31] never shows what was asked for before the last question', async () => {
    const early = viewing.seek(15_000);
    const late = viewing.seek(4000);
    expect(shown().busy).toBe(true);
    source.answer();
    await Promise.all([early, late]);
    expect([shownSeq(), shown().atMs, shown().busy]).toEqual([4, 4000, false]);
    const left = viewing.seek(15_000);
    viewing.backToLive();
    source.answer();
    await left;
    expect(shown()).toMatchObject({ mode: 'live', busy: false });
  });

  it('[V31] says why a moment cannot be shown, and goes on showing what it did', async () => {
    await seek(3000);
    source.isGone = true;
    await seek(15_000);
    expect([shownSeq(), shown().problem]).toEqual([3, 'not kept']);
  });

  it('[V32] steps from event to event, from live into the past too', async () => {
    const back = viewing.step(-1);
    source.answer();
    await back;
    expect([shown().mode, shown().atMs, shownSeq()]).toEqual(['replay', 14_000, 14]);
    const further = viewing.step(-1);
    source.answer();
    await further;
    expect([shown().atMs, shownSeq()]).toEqual([2000, 2]);
    await viewing.step(-1);
    expect(shown().atMs).toBe(2000);
    await viewing.step(1);
    expect(shown().atMs).toBe(14_000);
  });

  it('[V32] plays at its speed to the end, and waits for what is not there yet', async () => {
    await seek(8000);
    viewing.play();
    viewing.setSpeed(0.25);
    viewing.tick(1000);
    expect(shown().atMs).toBe(8250);
    viewing.setSpeed(8);
    viewing.tick(1000);
    expect(shown()).toMatchObject({ busy: true, atMs: 8250 });
    viewing.tick(1000);
    expect(shown().atMs).toBe(8250);
    source.answer();
    await expect.poll(() => shown().atMs).toBe(16_250);
    viewing.tick(1000);
    expect(shown()).toMatchObject({ playing: false, atMs: 20_000, mode: 'replay' });
  });

  it('[V32] jumps over quiet stretches when told to, and says how much', async () => {
    await seek(2500);
    viewing.setSkipQuiet(true);
    viewing.play();
    viewing.tick(1000);
    source.answer();
    await expect.poll(() => shown().atMs).toBe(13_000);
    expect(viewing.state.getState().skippedMs).toBe(9500);
    await seek(2500);
    expect(viewing.state.getState().skippedMs).toBeNull();
  });

  it('[V32] goes to when the view first showed an event, or says why not', async () => {
    const went = viewing.seekEvent({ seq: 2, atMs: 13_900 });
    source.answer();
    await went;
    expect(shown()).toMatchObject({ mode: 'replay', atMs: 14_000 });
    await viewing.seekEvent({ seq: 9, atMs: 13_500 });
    expect(shown().atMs).toBe(13_500);
    await viewing.seekEvent({ seq: 0, atMs: -20 });
    expect(shown()).toMatchObject({ atMs: 13_500 });
    expect(shown().problem).toMatch(/is no longer kept/);
  });

  it.each([
    [12_000, 'e1', null],
    [12_000, null, null],
    [12_000, 'e0', /^12000 UTC was before the server started anew/],
    [-1, 'e1', /is no longer kept: the recording goes back to 0 UTC$/],
    [30_000, 'e1', /has not come yet$/],
  ])('[V33] opens at a moment, or says why not: %s of %s', async (ms, epoch, problem) => {
    const opened = viewing.openAt(ms, epoch);
    await Promise.resolve();
    await expect.poll(() => source.waiting.length + Number(shown().problem !== null)).toBe(1);
    source.answer();
    await opened;
    if (problem === null) expect([shown().mode, shownSeq()]).toEqual(['replay', 12]);
    else {
      expect(shown().mode).toBe('live');
      expect(shown().problem).toMatch(problem);
    }
  });

  it('[V33] replays a file without any server, and refuses one that is not whole', async () => {
    source.isUp = false;
    const text = recordingText();
    await viewing.openFile('cut.ndjson', new Blob([text.slice(0, -40)]));
    expect(shown()).toMatchObject({ mode: 'live', busy: false });
    expect(shown().problem).toMatch(/^The recording is cut off.* cut.ndjson is not shown\.$/);
    await viewing.openFile('good.ndjson', new Blob([text]));
    expect(shown()).toMatchObject({ mode: 'replay', atMs: 0, problem: null });
    await viewing.seek(13_000);
    expect(shownSeq()).toBe(13);
    viewing.backToLive();
    expect(viewing.state.getState().source.fileName).toBeNull();
  });
});
