/**
 * A watch that goes on by itself: through changes of leader, restarts of the server
 * and cut lines, after the last revision that it was told, so that its reader gets
 * every change once, in order. It is pulled: while nobody asks for the next change
 * nothing is read, so what is held is a piece of the stream and an event at most.
 */
import type { BatchView, WatchEnd, WatchProgress } from '../../contracts/watch.ts';
import { failureOf } from '../api-failure.ts';
import type { ApiFailure } from '../api-failure.ts';
import type { CallContext } from './calls.ts';
import { ClosedError, errorOf, wrongArgument } from './errors.ts';
import { EventParser } from './event-parser.ts';
import type { ServerEvent } from './event-parser.ts';
import { get } from './requests.ts';
import type { Extent } from './requests.ts';
import { backoffMs } from './retry.ts';
import { Scope, sleep } from './time.ts';

export interface WatchOptions extends Extent {
  /** Tells what happened after this revision; left out: from now on. */
  readonly after?: number;
  /** Ends the watch: its iteration throws the reason. */
  readonly signal?: AbortSignal;
}

/** The server says something every five seconds: after so long without a word the line is dead, ms. */
const SILENCE_MS = 20_000;

type News =
  | { readonly is: 'changes'; readonly batch: BatchView }
  | { readonly is: 'progress'; readonly through: number };

type Told =
  | News
  | { readonly is: 'end'; readonly failure: ApiFailure }
  /** What no server of ours says: the line is broken. */
  | { readonly is: 'garbage' };

/** A stream that is open. */
interface Line {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly decoder: InstanceType<typeof TextDecoder>;
  readonly parser: EventParser;
  readonly scope: Scope;
  readonly requestId: string;
  /** It has told more than where it begins. */
  hasTold: boolean;
}

export class Watch implements AsyncIterable<BatchView> {
  private readonly context: CallContext;
  private readonly options: WatchOptions;
  /** Ends with the caller's signal, the client, or {@link close}. */
  private readonly scope: Scope;
  private line: Line | null = null;
  /** Of one piece of the stream. */
  private readonly heard: News[] = [];
  /** All up to here has come; null until it is known where it begins. */
  private heardThrough: number | null;
  private givenThrough: number | null = null;
  /** Lines in a row that told nothing. */
  private failed = 0;
  private isClosed = false;
  private opening: Promise<number | null> | null = null;
  private hasReader = false;

  /** For {@link KvClient.watch}. Throws InvalidRequestError. */
  constructor(context: CallContext, options: WatchOptions) {
    this.context = context;
    this.options = options;
    this.heardThrough = options.after ?? null;
    this.scope = new Scope(options.signal, context.closing);
  }

  /** Everything in its extent up to this revision has been given to its reader; null before it is opened. A watch `after` it goes on here. */
  get through(): number | null {
    return this.givenThrough;
  }

  /** Resolves once it is open, with the revision after which everything is told; an iteration opens it as well. Rejects with what would end that. */
  async opened(): Promise<number> {
    const through = await this.begin();
    if (through === null) throw new ClosedError('the watch was closed');
    return through;
  }

  /**
   * What happened, revision by revision. For one reader; when that stops, the watch is closed.
   * Throws CompactedError when what comes next is forgotten.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<BatchView, void, void> {
    if (this.hasReader) throw wrongArgument('watch', 'a watch has one reader');
    this.hasReader = true;
    try {
      if ((await this.begin()) === null) return;
      for (;;) {
        const told = await this.next();
        if (told === null) return;
        if (told.is === 'progress') this.givenThrough = told.through;
        if (told.is !== 'changes') continue;
        this.givenThrough = told.batch.revision;
        yield told.batch;
      }
    } finally {
      this.close();
    }
  }

  /** Ends it; an iteration that waits is over. */
  close(): void {
    this.isClosed = true;
    this.scope.abort(new ClosedError());
    this.scope.end();
    this.hangUp();
  }

  private begin(): Promise<number | null> {
    this.opening ??= this.open();
    return this.opening;
  }

  /** Null: it was closed. */
  private async open(): Promise<number | null> {
    try {
      while (this.heard.length === 0) if (!(await this.hear())) return null;
    } catch (error) {
      this.close();
      throw error;
    }
    // The first word is from where it is told.
    this.givenThrough = this.options.after ?? this.heardThrough;
    const [first] = this.heard;
    if (first?.is === 'progress') this.givenThrough = first.through;
    return this.givenThrough;
  }

  /** Null: it was closed. */
  private async next(): Promise<News | null> {
    for (;;) {
      const told = this.heard.shift();
      if (told !== undefined) return this.isClosed ? null : told;
      if (!(await this.hear())) return null;
    }
  }

  /** Reads one piece of the stream, or opens one. False: it was closed. Throws when there is no going on. */
  private async hear(): Promise<boolean> {
    if (this.isOver()) return false;
    this.line ??= await this.connect();
    const { line } = this;
    if (line === null) return !this.isOver();
    const text = await this.read(line);
    if (this.isOver()) return false;
    if (text === null) {
      await this.drop();
      return !this.isOver();
    }
    for (const event of line.parser.push(text)) {
      const told = toldOf(event);
      if (told === null) continue;
      if (told.is === 'end') {
        // The server may end all watches for what concerns some: who asks anew is told for itself.
        const isOwn = !line.hasTold && !told.failure.retryable;
        if (isOwn) throw errorOf(told.failure, line.requestId);
      }
      if (told.is === 'end' || told.is === 'garbage') {
        await this.drop();
        return !this.isOver();
      }
      this.take(line, told);
    }
    return true;
  }

  private take(line: Line, told: News): void {
    const through = told.is === 'changes' ? told.batch.revision : told.through;
    const isBegin = told.is === 'progress' && through === this.heardThrough;
    const isNews = this.heardThrough === null || through > this.heardThrough;
    if (!isNews && !isBegin) return;
    if (isNews && this.heardThrough !== null) {
      line.hasTold = true;
      this.failed = 0;
    }
    this.heardThrough = through;
    this.heard.push(told);
  }

  /** Null: it did not come about, and the time to wait is over. */
  private async connect(): Promise<Line | null> {
    const { transport, closing } = this.context;
    const { key, field, prefix } = this.options;
    const after = this.heardThrough ?? undefined;
    const request = get('watch', {}, { key, field, prefix, after });
    const scope = new Scope(this.scope.signal);
    const reply = await transport.stream(request, scope.signal);
    if (reply.ok) {
      const reader = reply.value.getReader();
      const decoder = new TextDecoder();
      const { requestId } = reply;
      return { reader, decoder, parser: new EventParser(), scope, requestId, hasTold: false };
    }
    scope.end();
    if (this.isClosed || closing.aborted || this.scope.signal.aborted) return null;
    const { failure } = reply;
    if (!failure.retryable || failure.code === 'REVISION_NOT_YET')
      throw errorOf(failure, reply.requestId);
    await this.backOff(failure.retryAfterMs);
    return null;
  }

  /** Null: the line is over. */
  private async read(line: Line): Promise<string | null> {
    const cancel = this.context.clock.after(SILENCE_MS, () => line.scope.abort(SILENT));
    try {
      const { done, value } = await line.reader.read();
      return done ? null : line.decoder.decode(value, { stream: true });
    } catch {
      return null;
    } finally {
      cancel();
    }
  }

  private async drop(): Promise<void> {
    this.hangUp();
    await this.backOff(undefined);
  }

  private async backOff(retryAfterMs: number | undefined): Promise<void> {
    const { clock, random } = this.context;
    this.failed++;
    await sleep(clock, backoffMs(this.failed, retryAfterMs, random), this.scope.signal);
  }

  private hangUp(): void {
    this.line?.scope.abort(new ClosedError());
    this.line?.scope.end();
    this.line = null;
  }

  /** True: it was closed. Throws for the client's end and the caller's signal. */
  private isOver(): boolean {
    if (this.isClosed) return true;
    if (this.options.signal?.aborted === true) throw this.options.signal.reason;
    if (this.context.closing.aborted) throw new ClosedError();
    return false;
  }
}

const SILENT = new Error('nothing was said for too long');

/** Null: nothing for the reader. */
function toldOf({ event, data }: ServerEvent): Told | null {
  try {
    switch (event) {
      case 'changes': {
        const batch = JSON.parse(data) as BatchView;
        return Number.isSafeInteger(batch.revision) ? { is: 'changes', batch } : GARBAGE;
      }
      case 'progress': {
        const { through } = JSON.parse(data) as WatchProgress;
        return Number.isSafeInteger(through) ? { is: 'progress', through } : GARBAGE;
      }
      case 'end':
        return { is: 'end', failure: failureOf((JSON.parse(data) as WatchEnd).problem) };
      default:
        return null;
    }
  } catch {
    return GARBAGE;
  }
}

const GARBAGE: Told = { is: 'garbage' };
