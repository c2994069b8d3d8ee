/**
 * Keeps the last minutes of the view, as the patches that every page was sent,
 * so that a page can show any moment of them again. Stretches of a quarter of a
 * minute, *segments*, stand for themselves: each begins with the whole view. A
 * node's part of a patch is kept as what changed of it, some tenth of the whole.
 *
 * Bounded by age and by bytes; what is too much goes from the front, whole
 * segments at a time. Nothing waits for it, and nothing is written to disk.
 * No timers and no clock: the same patches give the same recording.
 */
import type { Patch } from '../../contracts/live.ts';
import type {
  RecordedPatch,
  RecordingAnswer,
  RecordingEnd,
  RecordingHeader,
  SegmentHead,
  SegmentInfo,
} from '../../contracts/recording.ts';
import { RECORDING_FORMAT, RECORDING_VERSION } from '../../contracts/recording.ts';
import { writeLine } from '../../contracts/recording-lines.ts';
import type { ClusterView, LinkView, NodeView } from '../../contracts/view.ts';
import { assert } from '../base/assert.ts';
import { LaneNotes } from './recording-lanes.ts';
import type { Scene } from './recording-lanes.ts';

export interface RecorderLimits {
  /** A segment that ended longer ago is dropped. */
  readonly ageMs: number;
  /** Of all lines kept, the newest segment included. */
  readonly bytes: number;
  /** A segment ends when it is as long, or has as many patches or bytes. */
  readonly segmentMs: number;
  readonly segmentPatches: number;
  readonly segmentBytes: number;
}

/**
 * Fifteen minutes. A cluster of three at rest makes some 15 MB of that, one with 80 writes a second
 * some 25 MB, one with thousands all 64 MiB, in about twelve minutes.
 */
export const RECORDER_LIMITS: RecorderLimits = {
  ageMs: 15 * 60_000,
  bytes: 64 * 1024 * 1024,
  segmentMs: 15_000,
  segmentPatches: 512,
  segmentBytes: 1024 * 1024,
};

/** A segment that is over, or one as it stands now. */
export interface KeptSegment extends SegmentInfo {
  /** Its lines, each with its line feed. */
  readonly text: Buffer;
}

interface OpenSegment {
  readonly number: number;
  /** Before its first patch. */
  readonly view: ClusterView;
  readonly notes: LaneNotes;
  readonly lines: string[];
  bytes: number;
  toMs: number;
}

export class FlightRecorder {
  private readonly cluster: string;
  private readonly epoch: string;
  private readonly limits: RecorderLimits;
  private readonly sealed: KeptSegment[] = [];
  private sealedBytes = 0;
  private open: OpenSegment | null = null;
  private segments = 0;
  private lastSeq = 0;
  private lastMs = 0;
  /** As the last patch left them, to tell what the next one changes. */
  private nodes = new Map<string, NodeView>();
  private links = new Map<string, LinkView>();
  private voting: Pick<ClusterView, 'voters' | 'votersOutgoing'> = {
    voters: [],
    votersOutgoing: [],
  };

  constructor(cluster: string, epoch: string, limits: RecorderLimits = RECORDER_LIMITS) {
    this.cluster = cluster;
    this.epoch = epoch;
    this.limits = limits;
  }

  /** The next patch, in order; `view` gives the whole that it made. */
  record(patch: Patch, view: () => ClusterView): void {
    assert(
      this.lastSeq === 0 || patch.seq === this.lastSeq + 1,
      'every patch is recorded, in order',
    );
    this.lastSeq = patch.seq;
    // A recording never goes back, whatever the clock does.
    const atMs = Math.max(this.lastMs, patch.atMs);
    this.lastMs = atMs;
    if (this.open === null || this.isFull(this.open, atMs)) this.begin(patch, view(), atMs);
    else this.add(this.open, patch, atMs);
    this.dropOld();
  }

  /** What there is, without the segments that end before `fromMs`. */
  summary(fromMs = 0): RecordingAnswer {
    const kept = this.open === null ? [] : [...this.sealed, infoOf(this.open)];
    const first = kept[0];
    return {
      cluster: this.cluster,
      epoch: this.epoch,
      kept:
        first === undefined
          ? null
          : {
              fromMs: first.fromMs,
              toMs: this.lastMs,
              bytes: this.bytes,
              firstSeq: first.seq,
              lastSeq: this.lastSeq,
            },
      limits: { ageMs: this.limits.ageMs, bytes: this.limits.bytes },
      segments: kept
        .filter(({ toMs }) => toMs >= fromMs)
        .map(({ segment, fromMs: from, toMs, seq, patches, lanes }) => ({
          segment,
          fromMs: from,
          toMs,
          seq,
          patches,
          lanes,
        })),
    };
  }

  /** Oldest first, the newest as it stands now. */
  kept(): readonly KeptSegment[] {
    return this.open === null ? this.sealed : [...this.sealed, seal(this.open)];
  }

  /** The lines of a file with these segments, as they are sent. */
  *file(segments: readonly KeptSegment[], madeAtMs: number): Generator<string | Buffer> {
    const { cluster, epoch } = this;
    const header: RecordingHeader = {
      format: RECORDING_FORMAT,
      version: RECORDING_VERSION,
      cluster,
      epoch,
      madeAtMs,
    };
    yield `${writeLine(header)}\n`;
    for (const { text } of segments) yield text;
    const patches = segments.reduce((sum, segment) => sum + segment.patches, 0);
    const end: RecordingEnd = { end: true, segments: segments.length, patches };
    yield `${writeLine(end)}\n`;
  }

  // --- steps -------------------------------------------------------------------

  private isFull(open: OpenSegment, atMs: number): boolean {
    const { segmentMs, segmentPatches, segmentBytes } = this.limits;
    return (
      atMs - open.view.atMs >= segmentMs ||
      open.lines.length >= segmentPatches ||
      open.bytes >= segmentBytes
    );
  }

  private begin(patch: Patch, whole: ClusterView, atMs: number): void {
    assert(whole.seq === patch.seq, 'the view is the one that the patch made');
    if (this.open !== null) {
      const over = seal({ ...this.open, toMs: atMs });
      this.sealed.push(over);
      this.sealedBytes += over.text.length;
    }
    this.nodes = new Map(whole.nodes.map((node) => [node.id, node]));
    this.links = new Map(whole.links.map((link) => [`${link.from}>${link.to}`, link]));
    this.voting = whole;
    const notes = new LaneNotes(this.scene(), atMs);
    notes.note(patch, this.scene(), atMs);
    const view = { ...whole, atMs };
    const bytes = Buffer.byteLength(JSON.stringify(view));
    this.segments++;
    this.open = { number: this.segments, view, notes, lines: [], bytes, toMs: atMs };
  }

  private add(open: OpenSegment, patch: Patch, atMs: number): void {
    const { nodes, ...rest } = patch;
    const recorded: RecordedPatch = {
      ...rest,
      atMs,
      ...(nodes && { nodes: nodes.map((node) => changedParts(this.nodes.get(node.id), node)) }),
    };
    this.follow(patch);
    open.notes.note(patch, this.scene(), atMs);
    const line = `${writeLine(recorded)}\n`;
    open.lines.push(line);
    open.bytes += Buffer.byteLength(line);
    open.toMs = atMs;
  }

  private follow({ members, nodes = [], links = [] }: Patch): void {
    if (members !== undefined) {
      this.voting = members;
      const isMember = (id: string): boolean => members.members.includes(id);
      for (const id of this.nodes.keys()) if (!isMember(id)) this.nodes.delete(id);
      for (const [key, { from, to }] of this.links)
        if (!isMember(from) || !isMember(to)) this.links.delete(key);
    }
    for (const node of nodes) this.nodes.set(node.id, node);
    for (const link of links) this.links.set(`${link.from}>${link.to}`, link);
  }

  private get bytes(): number {
    return this.sealedBytes + (this.open?.bytes ?? 0);
  }

  private scene(): Scene {
    const { voters, votersOutgoing } = this.voting;
    return {
      nodes: [...this.nodes.values()],
      links: [...this.links.values()],
      voters,
      votersOutgoing,
    };
  }

  private dropOld(): void {
    const { ageMs, bytes } = this.limits;
    for (;;) {
      const first = this.sealed[0];
      if (first === undefined) return;
      if (this.bytes <= bytes && this.lastMs - first.toMs <= ageMs) return;
      this.sealed.shift();
      this.sealedBytes -= first.text.length;
    }
  }
}

function infoOf({ number, view, notes, lines, toMs }: OpenSegment): SegmentInfo {
  return {
    segment: number,
    fromMs: view.atMs,
    toMs,
    seq: view.seq,
    patches: lines.length,
    lanes: notes.lanes(toMs),
  };
}

function seal(open: OpenSegment): KeptSegment {
  const info = infoOf(open);
  const head: SegmentHead = { ...info, view: open.view };
  return { ...info, text: Buffer.from(`${writeLine(head)}\n${open.lines.join('')}`) };
}

/** The node's name, and those of its parts that are not as before. */
function changedParts(
  before: NodeView | undefined,
  after: NodeView,
): NonNullable<RecordedPatch['nodes']>[number] {
  if (before === undefined) return after;
  const parts = Object.entries(after).filter(
    ([name, part]) => !isSame(before[name as keyof NodeView], part),
  );
  return { ...Object.fromEntries(parts), id: after.id };
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  return JSON.stringify(a) === JSON.stringify(b);
}
