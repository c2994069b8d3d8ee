/**
 * Reads the lines of a recording, and trusts none of them: each has its checksum
 * and its shape, each patch follows the one before it, and the end says how much
 * there must have been. What is wrong is told in words, with the line.
 */
import type { SegmentInfo } from '../contracts/recording.ts';
import {
  RECORDING_FORMAT,
  RECORDING_VERSION,
  RecordedPatch,
  RecordingEnd,
  RecordingHeader,
  SegmentHead,
} from '../contracts/recording.ts';
import { readLine, valueOf } from '../contracts/recording-lines.ts';
import type { ClusterView } from '../contracts/view.ts';

/** Twice what a server keeps; a larger file is not even read, bytes. */
export const MAX_RECORDING_BYTES = 128 * 1024 * 1024;
/** Lines checked between two breaths of the page. */
const LINES_AT_ONCE = 500;

export type RecordingProblem =
  | { readonly kind: 'not-a-recording' | 'cut-off' | 'empty' | 'too-large' }
  | { readonly kind: 'other-version'; readonly version: string }
  | { readonly kind: 'damaged'; readonly line: number };

/** A segment that was found whole, still as text: most are never looked at. */
export interface SegmentText extends SegmentInfo {
  readonly view: ClusterView;
  readonly patchLines: readonly string[];
}

export interface RecordingFile {
  readonly header: RecordingHeader;
  readonly segments: readonly SegmentText[];
}

export type ReadRecording =
  | { readonly ok: true; readonly file: RecordingFile }
  | { readonly ok: false; readonly problem: RecordingProblem };

/** A file that a person chose. */
export async function readRecordingFile(file: Blob): Promise<ReadRecording> {
  if (file.size > MAX_RECORDING_BYTES) return { ok: false, problem: { kind: 'too-large' } };
  const lines = (await file.text()).split('\n');
  const reader = new RecordingReader(true);
  for (let at = 0; at < lines.length; at++) {
    const problem = reader.take(lines[at] ?? '', at === lines.length - 1);
    if (problem !== null) return { ok: false, problem };
    if (at % LINES_AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  return reader.end();
}

/** The same of what was sent by our own server, whose word for the shape of things is taken. */
export function readSentRecording(text: string): ReadRecording {
  const lines = text.split('\n');
  const reader = new RecordingReader(false);
  for (const [at, line] of lines.entries()) {
    const problem = reader.take(line, at === lines.length - 1);
    if (problem !== null) return { ok: false, problem };
  }
  return reader.end();
}

export function problemInWords(problem: RecordingProblem): string {
  switch (problem.kind) {
    case 'not-a-recording':
      return 'This file is not a recording of Chronoraft';
    case 'cut-off':
      return 'The recording is cut off: its end is missing';
    case 'empty':
      return 'The recording holds nothing';
    case 'too-large':
      return 'The file is larger than any recording';
    case 'other-version':
      return `The recording is of version ${problem.version}; version ${RECORDING_VERSION} is understood here`;
    case 'damaged':
      return `The recording is damaged: line ${problem.line} is not what was written`;
  }
}

/** The patches of a segment that was found whole. */
export function patchesOf({ patchLines }: SegmentText): RecordedPatch[] {
  return patchLines.map((line) => valueOf(line) as RecordedPatch);
}

interface GrowingSegment {
  readonly head: SegmentHead;
  readonly patchLines: string[];
}

class RecordingReader {
  /** A sum proves that a line is as it was written, not that it makes sense. */
  private readonly checksShapes: boolean;
  private line = 0;
  private patches = 0;
  private header: RecordingHeader | null = null;
  private readonly segments: GrowingSegment[] = [];
  private atMs = 0;
  private isOver = false;

  constructor(checksShapes: boolean) {
    this.checksShapes = checksShapes;
  }

  /** The next line; `isLast` has no line feed after it, so that of a whole file it is empty. */
  take(text: string, isLast: boolean): RecordingProblem | null {
    this.line++;
    if (isLast) {
      if (this.header === null) return { kind: 'not-a-recording' };
      return text === '' && this.isOver ? null : { kind: 'cut-off' };
    }
    const damaged: RecordingProblem = { kind: 'damaged', line: this.line };
    const line = readLine(text);
    if (this.header === null) return this.takeHeader(text, line.ok ? line.value : undefined);
    if (!line.ok || this.isOver) return damaged;
    return this.takeContent(text, line.value) ? null : damaged;
  }

  end(): ReadRecording {
    if (this.header === null) return { ok: false, problem: { kind: 'not-a-recording' } };
    if (this.segments.length === 0) return { ok: false, problem: { kind: 'empty' } };
    const segments = this.segments.map(({ head, patchLines }) => ({ ...head, patchLines }));
    return { ok: true, file: { header: this.header, segments } };
  }

  private takeHeader(text: string, value: unknown): RecordingProblem | null {
    if (value === undefined) {
      const isOurs = text.includes(`"format":"${RECORDING_FORMAT}"`);
      return isOurs ? { kind: 'damaged', line: 1 } : { kind: 'not-a-recording' };
    }
    const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
    if (format !== RECORDING_FORMAT) return { kind: 'not-a-recording' };
    if (version !== RECORDING_VERSION)
      return { kind: 'other-version', version: JSON.stringify(version) ?? 'none' };
    const header = RecordingHeader.safeParse(value);
    if (!header.success) return { kind: 'damaged', line: 1 };
    this.header = header.data;
    return null;
  }

  private takeContent(text: string, value: unknown): boolean {
    const open = this.segments.at(-1);
    if (open !== undefined && open.patchLines.length < open.head.patches)
      return this.takePatch(open, text, value);
    const end = RecordingEnd.safeParse(value);
    if (end.success) {
      this.isOver = true;
      return end.data.segments === this.segments.length && end.data.patches === this.patches;
    }
    return this.takeHead(value);
  }

  private takePatch(open: GrowingSegment, text: string, value: unknown): boolean {
    if (this.checksShapes && !RecordedPatch.safeParse(value).success) return false;
    const { seq, atMs } = value as RecordedPatch;
    if (seq !== open.head.seq + open.patchLines.length + 1 || atMs < this.atMs) return false;
    this.atMs = atMs;
    this.patches++;
    open.patchLines.push(text);
    return true;
  }

  private takeHead(value: unknown): boolean {
    // What older files do not have yet is put in.
    const head = this.checksShapes ? SegmentHead.safeParse(value).data : (value as SegmentHead);
    if (head === undefined) return false;
    const before = this.segments.at(-1)?.head;
    if (before !== undefined && head.seq !== before.seq + before.patches + 1) return false;
    if (head.fromMs < this.atMs || head.toMs < head.fromMs || head.view.seq !== head.seq)
      return false;
    this.atMs = head.fromMs;
    this.segments.push({ head, patchLines: [] });
    return true;
  }
}
