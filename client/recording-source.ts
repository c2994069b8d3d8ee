/** Where a replay takes its segments from: the server's recorder, which goes on, or a file, which does not. */
import type { Problem } from '../contracts/errors.ts';
import type { RecordingAnswer, SegmentInfo } from '../contracts/recording.ts';
import { patchesOf, problemInWords, readSentRecording } from './recording-file.ts';
import type { RecordingFile } from './recording-file.ts';
import { SegmentPlayer } from './replay.ts';

export type Loaded =
  | { readonly ok: true; readonly player: SegmentPlayer; readonly info: SegmentInfo }
  | { readonly ok: false; readonly message: string };

export interface RecordingSource {
  /** Of the file; null for the server. */
  readonly fileName: string | null;
  readonly cluster: string;
  readonly epoch: string;
  /** Oldest first. */
  readonly segments: readonly SegmentInfo[];
  /** Asks what there is by now; false when nobody answered. */
  refresh(): Promise<boolean>;
  load(info: SegmentInfo): Promise<Loaded>;
}

export class FileSource implements RecordingSource {
  readonly fileName: string;
  private readonly file: RecordingFile;

  constructor(fileName: string, file: RecordingFile) {
    this.fileName = fileName;
    this.file = file;
  }

  get cluster(): string {
    return this.file.header.cluster;
  }

  get epoch(): string {
    return this.file.header.epoch;
  }

  get segments(): readonly SegmentInfo[] {
    return this.file.segments;
  }

  refresh(): Promise<boolean> {
    return Promise.resolve(true);
  }

  load({ segment }: SegmentInfo): Promise<Loaded> {
    return Promise.resolve(playerOf(this.file, segment));
  }
}

export class ServerSource implements RecordingSource {
  readonly fileName = null;
  cluster = '';
  epoch = '';
  segments: readonly SegmentInfo[] = [];

  async refresh(): Promise<boolean> {
    // The last one has grown since.
    const from = this.segments.at(-1)?.fromMs;
    const path = `/api/v1/recording${from === undefined ? '' : `?from=${from}`}`;
    const answer = await ask(path, (response) => response.json() as Promise<RecordingAnswer>);
    if (!answer.ok) return false;
    const { cluster, epoch, kept, segments } = answer.value;
    const isSame = epoch === this.epoch;
    if (!isSame && from !== undefined) {
      // Another server, with a recording of its own: its beginning was not asked for.
      this.segments = [];
      this.epoch = epoch;
      return this.refresh();
    }
    this.cluster = cluster;
    this.epoch = epoch;
    const first = segments[0]?.segment ?? Number.POSITIVE_INFINITY;
    const before = this.segments.filter(
      ({ segment, fromMs }) => segment < first && fromMs >= (kept?.fromMs ?? 0),
    );
    this.segments = [...before, ...segments];
    return true;
  }

  async load({ segment, fromMs, toMs }: SegmentInfo): Promise<Loaded> {
    // In the middle, since its ends may be those of its neighbours too.
    const at = Math.floor((fromMs + toMs) / 2);
    const answer = await ask(`/api/v1/recording/segments?from=${at}&to=${at}`, (response) =>
      response.text(),
    );
    if (!answer.ok) return answer;
    const read = readSentRecording(answer.value);
    return read.ok
      ? playerOf(read.file, segment)
      : { ok: false, message: problemInWords(read.problem) };
  }
}

function playerOf({ segments }: RecordingFile, number: number): Loaded {
  const found = segments.find(({ segment }) => segment === number);
  if (found === undefined) return { ok: false, message: 'That moment is not kept any more' };
  return { ok: true, player: new SegmentPlayer(found.view, patchesOf(found)), info: found };
}

type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

/** No answer in this time is none, ms. */
const WITHIN_MS = 15_000;

async function ask<T>(path: string, read: (response: Response) => Promise<T>): Promise<Answer<T>> {
  try {
    const response = await fetch(path, { signal: AbortSignal.timeout(WITHIN_MS) });
    if (response.ok) return { ok: true, value: await read(response) };
    const { code, message } = (await response.json()) as Problem;
    const gone = code === 'NOT_RECORDED' ? 'That moment is not kept any more: ' : '';
    return { ok: false, message: `${gone}${message}` };
  } catch {
    return { ok: false, message: 'The server did not answer' };
  }
}
