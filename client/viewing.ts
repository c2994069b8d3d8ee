/**
 * What the page looks at: the cluster as it is, the same held still, or a moment
 * of a recording. Everything that draws reads `shown`, and need not know which.
 * The stream goes on beneath: back to live is back at once.
 *
 * No clock of its own: who holds it calls `tick`.
 */
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { Lanes, SegmentInfo } from '../contracts/recording.ts';
import type { ClusterView, EventView } from '../contracts/view.ts';
import { initialState } from './live-store.ts';
import type { LiveState } from './live-store.ts';
import { eventAfter, eventBefore, joinLanes, quietSpans } from './recording-lanes.ts';
import type { Span } from './recording-lanes.ts';
import { FileSource } from './recording-source.ts';
import type { Loaded, RecordingSource } from './recording-source.ts';
import { problemInWords, readRecordingFile } from './recording-file.ts';
import { formatClock } from './time-input.ts';

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8] as const;
export type Speed = (typeof SPEEDS)[number];
export type Mode = 'live' | 'paused' | 'replay';

/** Segments kept ready to be shown. */
const READY_SEGMENTS = 8;
/** The next segment is fetched when the end of this one is so near, ms of the recording. */
const AHEAD_MS = 10_000;

export interface ViewingState {
  readonly mode: Mode;
  /** Server ms of what is shown; null while it is live. */
  readonly atMs: number | null;
  readonly playing: boolean;
  readonly speed: Speed;
  /** Quiet stretches are jumped over while it plays. */
  readonly skipQuiet: boolean;
  /** Stretches in which nothing happened take little room on the time bar. */
  readonly foldsIdle: boolean;
  /** The last stretch that was jumped over, ms; null when the last move was none. */
  readonly skippedMs: number | null;
  /** What can be shown; null while nothing is known of it. */
  readonly range: Span | null;
  readonly lanes: Lanes;
  /** Of the recording that is looked at, or could be. */
  readonly source: Pick<RecordingSource, 'fileName' | 'cluster' | 'epoch'>;
  /** The moment asked for is on its way. */
  readonly busy: boolean;
  /** Why something could not be shown, in words. */
  readonly problem: string | null;
}

const NO_LANES: Lanes = { leaders: [], faults: [], failed: [], busy: [], events: [] };

export class Viewing {
  readonly shown: StoreApi<LiveState>;
  readonly state: StoreApi<ViewingState>;
  private readonly live: StoreApi<LiveState>;
  private readonly server: RecordingSource;
  private source: RecordingSource;
  private readonly ready = new Map<number, Extract<Loaded, { ok: true }>>();
  /** Rises with every move: what a load brings too late is not shown. */
  private move = 0;

  constructor(live: StoreApi<LiveState>, server: RecordingSource) {
    this.live = live;
    this.server = server;
    this.source = server;
    this.shown = createStore<LiveState>(() => live.getState());
    this.state = createStore<ViewingState>(() => ({
      mode: 'live',
      atMs: null,
      playing: false,
      speed: 1,
      skipQuiet: false,
      foldsIdle: true,
      skippedMs: null,
      range: null,
      lanes: NO_LANES,
      source: server,
      busy: false,
      problem: null,
    }));
  }

  // --- events in ---------------------------------------------------------------

  /** The stream brought something. */
  followLive(): void {
    if (this.state.getState().mode === 'live') this.shown.setState(this.live.getState(), true);
  }

  /** Holds the picture still; `nowMs` is the server's time. */
  pause(nowMs: number): void {
    if (this.state.getState().mode === 'live') this.set({ mode: 'paused', atMs: nowMs });
  }

  backToLive(): void {
    this.move++;
    if (this.source !== this.server) this.use(this.server);
    this.set({
      mode: 'live',
      atMs: null,
      playing: false,
      skippedMs: null,
      busy: false,
      problem: null,
    });
    this.shown.setState(this.live.getState(), true);
  }

  /** Shows the recording as of `ms`, or as near as it goes. */
  async seek(ms: number): Promise<void> {
    const { range } = this.state.getState();
    if (range === null) {
      this.set({ problem: 'Nothing is recorded yet' });
      return;
    }
    this.set({ playing: false, skippedMs: null });
    await this.show(Math.min(range.toMs, Math.max(range.fromMs, ms)));
  }

  /** To the next event, or the one before. */
  async step(by: 1 | -1): Promise<void> {
    const { atMs, lanes, range } = this.state.getState();
    const from = atMs ?? range?.toMs ?? 0;
    const to = by === 1 ? eventAfter(lanes, from) : eventBefore(lanes, from);
    if (to !== null && range !== null && to >= range.fromMs) await this.seek(to);
  }

  /** To when the view first showed that event, a little after it happened. */
  async seekEvent({ seq, atMs }: Pick<EventView, 'atMs' | 'seq'>): Promise<void> {
    const { lanes, range } = this.state.getState();
    const ms = lanes.events.find((event) => event.seq === seq)?.atMs ?? atMs;
    const problem = this.whyNot(ms, null, range);
    if (problem === null) await this.seek(ms);
    else this.set({ problem });
  }

  play(): void {
    const { mode, range, atMs } = this.state.getState();
    if (mode !== 'replay' || range === null || atMs === null) return;
    // At the end it begins anew.
    if (atMs >= range.toMs) void this.show(range.fromMs);
    this.set({ playing: true });
  }

  stop(): void {
    this.set({ playing: false });
  }

  setSpeed(speed: Speed): void {
    this.set({ speed });
  }

  setSkipQuiet(skipQuiet: boolean): void {
    this.set({ skipQuiet });
  }

  setFoldsIdle(foldsIdle: boolean): void {
    this.set({ foldsIdle });
  }

  forgetProblem(): void {
    this.set({ problem: null });
  }

  /** So much of the watcher's time has passed. */
  tick(elapsedMs: number): void {
    const { mode, playing, busy, atMs, speed, range } = this.state.getState();
    if (mode !== 'replay' || !playing || busy || atMs === null || range === null) return;
    const { ms, skippedMs } = this.beyondQuiet(atMs + elapsedMs * speed, range);
    if (skippedMs > 0) this.set({ skippedMs });
    const isOver = ms >= range.toMs;
    void this.show(isOver ? range.toMs : ms);
    if (isOver) this.set({ playing: false });
    else this.fetchAhead(ms);
  }

  /** Asks the source what there is by now. */
  async refresh(): Promise<void> {
    const { source } = this;
    if ((await source.refresh()) && source === this.source) this.use(source);
  }

  /** A link to a moment: of the server's start that `epoch` names, if it names one. */
  async openAt(ms: number, epoch: string | null): Promise<void> {
    if (!(await this.server.refresh())) {
      this.set({ problem: `The server did not answer: ${formatClock(ms)} UTC cannot be shown` });
      return;
    }
    this.use(this.server);
    const { range } = this.state.getState();
    const problem = this.whyNot(ms, epoch, range);
    if (problem === null) await this.seek(ms);
    else this.set({ problem });
  }

  /** Replays a file that a person chose, without any server, once all of it was found whole. */
  async openFile(name: string, file: Blob): Promise<void> {
    const move = ++this.move;
    this.set({ busy: true, playing: false, problem: null });
    const read = await readRecordingFile(file);
    if (move !== this.move) return;
    if (!read.ok) {
      this.set({ busy: false, problem: `${problemInWords(read.problem)}. ${name} is not shown.` });
      return;
    }
    this.use(new FileSource(name, read.file));
    await this.show(this.state.getState().range?.fromMs ?? 0);
  }

  // --- steps -------------------------------------------------------------------

  private set(part: Partial<ViewingState>): void {
    this.state.setState(part);
  }

  private use(source: RecordingSource): void {
    if (source !== this.source || source.epoch !== this.state.getState().source.epoch)
      this.ready.clear();
    this.source = source;
    const { segments, fileName, cluster, epoch } = source;
    const [first, last] = [segments[0], segments.at(-1)];
    this.set({
      source: { fileName, cluster, epoch },
      range: first && last ? { fromMs: first.fromMs, toMs: last.toMs } : null,
      lanes: joinLanes(segments),
    });
  }

  private whyNot(ms: number, epoch: string | null, range: Span | null): string | null {
    const moment = `${formatClock(ms)} UTC`;
    if (epoch !== null && epoch !== this.server.epoch)
      return `${moment} was before the server started anew; its recording ended then`;
    if (range === null) return 'Nothing is recorded yet';
    if (ms < range.fromMs)
      return `${moment} is no longer kept: the recording goes back to ${formatClock(range.fromMs)} UTC`;
    return ms > range.toMs ? `${moment} has not come yet` : null;
  }

  private async show(ms: number): Promise<void> {
    const move = ++this.move;
    const info = segmentAt(this.source.segments, ms);
    if (info === null) return;
    let loaded = this.readyFor(info, ms);
    if (loaded === null) {
      this.set({ busy: true });
      const answer = await this.load(info);
      if (move !== this.move) return;
      if (!answer.ok) {
        this.set({ busy: false, playing: false, problem: answer.message });
        return;
      }
      loaded = answer;
    }
    this.draw(loaded.player.viewAt(ms), ms);
  }

  private draw(view: ClusterView, ms: number): void {
    const { mode } = this.state.getState();
    this.set({
      mode: 'replay',
      atMs: ms,
      busy: false,
      ...(mode !== 'replay' && { problem: null }),
    });
    const before = this.shown.getState();
    if (mode === 'replay' && before.view?.seq === view.seq && before.view.epoch === view.epoch)
      return;
    // Messages between nodes are not recorded: none are shown.
    this.shown.setState({ ...initialState(view), conn: 'live' }, true);
  }

  /** Null too when the segment has grown since it was loaded, beyond what was. */
  private readyFor({ segment }: SegmentInfo, ms: number): Extract<Loaded, { ok: true }> | null {
    const held = this.ready.get(segment);
    if (held === undefined) return null;
    const now = this.source.segments.find((info) => info.segment === segment);
    const isWhole = now === undefined || held.info.patches >= now.patches;
    return isWhole || ms <= held.info.toMs ? held : null;
  }

  private async load(info: SegmentInfo): Promise<Loaded> {
    const { source } = this;
    const loaded = await source.load(info);
    if (loaded.ok && source === this.source) {
      this.ready.delete(info.segment);
      this.ready.set(info.segment, loaded);
      const [oldest] = this.ready.keys();
      if (this.ready.size > READY_SEGMENTS && oldest !== undefined) this.ready.delete(oldest);
    }
    return loaded;
  }

  private fetchAhead(ms: number): void {
    const soon = segmentAt(this.source.segments, ms + AHEAD_MS);
    if (soon !== null && this.ready.get(soon.segment) === undefined) void this.load(soon);
  }

  private beyondQuiet(
    ms: number,
    range: Span,
  ): { readonly ms: number; readonly skippedMs: number } {
    const { skipQuiet, lanes } = this.state.getState();
    const quiet = skipQuiet
      ? quietSpans(lanes, range).find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)
      : undefined;
    return quiet === undefined
      ? { ms, skippedMs: 0 }
      : { ms: quiet.toMs, skippedMs: quiet.toMs - ms };
  }
}

/** The one that shows `ms`; the first when all are later. */
function segmentAt(segments: readonly SegmentInfo[], ms: number): SegmentInfo | null {
  return segments.findLast(({ fromMs }) => fromMs <= ms) ?? segments[0] ?? null;
}
