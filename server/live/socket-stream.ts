/**
 * A watch over a socket. Messages are acknowledged by the reader; a few are
 * under way at a time, what comes meanwhile is gathered, and beyond a bound the
 * hub gives no more.
 */
import type { Problem } from '../../contracts/errors.ts';
import type { ChangeBatch } from '../kv/queries.ts';
import type { Watch } from '../watch/hub.ts';
import { charsOfBatch } from '../watch/recent-batches.ts';
import type { WatchEnd, WatchEvent, WatchSink } from '../watch/watcher.ts';
import type { LiveSocket } from './live-socket.ts';

/** Messages that are not acknowledged yet, at most. */
const WINDOW = 4;
/** Text not acknowledged, UTF-16 units, and revisions not sent, beyond which there is no room. */
const ROOM_CHARS = 256 * 1024;
const ROOM_EVENTS = 512;
/** One message has no more text than this, unless a single revision has. */
const MESSAGE_CHARS = 64 * 1024;
/** What a mark counts for. */
const MARK_CHARS = 16;

type End = Extract<WatchEvent, { readonly type: 'end' }>;
type Told = Exclude<WatchEvent, End>;

export interface SocketStreamOptions {
  readonly socket: LiveSocket;
  /** The client's number for it. */
  readonly id: number;
  readonly watch: Watch;
  problemOf(end: WatchEnd): Problem;
  onEnd(): void;
}

export class SocketStream implements WatchSink {
  private readonly options: SocketStreamOptions;
  private waiting: Told[] = [];
  private messages = 0;
  /** Waiting, and under way. */
  private chars = 0;
  private isScheduled = false;
  private isClosed = false;

  constructor(options: SocketStreamOptions) {
    this.options = options;
  }

  get hasRoom(): boolean {
    return this.chars < ROOM_CHARS && this.waiting.length < ROOM_EVENTS;
  }

  get isIdle(): boolean {
    return this.messages === 0 && this.waiting.length === 0;
  }

  /** Nobody reads any more: what waits is dropped, since its number may be that of another watch soon. */
  close(): void {
    this.isClosed = true;
    this.waiting = [];
  }

  send(event: WatchEvent): void {
    if (this.isClosed) return;
    if (event.type === 'end') {
      this.end(event);
      return;
    }
    this.waiting.push(event);
    this.chars += charsOf(event);
    if (this.isScheduled) return;
    this.isScheduled = true;
    // What is told in one go travels together.
    queueMicrotask(() => {
      this.isScheduled = false;
      while (this.messages < WINDOW && this.waiting.length > 0) this.emitNext();
    });
  }

  /** What waits is bounded, and goes before it. */
  private end({ through, end }: End): void {
    const { socket, id, problemOf, onEnd } = this.options;
    while (this.waiting.length > 0) this.emitNext();
    socket.emit('watchEnd', { watch: id, through, problem: problemOf(end) });
    onEnd();
  }

  private emitNext(): void {
    const { socket, id } = this.options;
    const [first] = this.waiting;
    if (first === undefined) return;
    switch (first.type) {
      case 'changes': {
        const batches = this.takeBatches();
        const chars = batches.reduce((sum, batch) => sum + charsOfBatch(batch), 0);
        socket.emit('changes', { watch: id, batches }, this.underWay(chars));
        return;
      }
      case 'progress':
        this.waiting.shift();
        socket.emit('progress', { watch: id, through: first.through }, this.underWay(MARK_CHARS));
        return;
      case 'lagging': {
        this.waiting.shift();
        const { through, head } = first;
        socket.emit('lagging', { watch: id, through, head }, this.underWay(MARK_CHARS));
        return;
      }
    }
  }

  /** The changes in front, as many as go into one message. */
  private takeBatches(): readonly ChangeBatch[] {
    const batches: ChangeBatch[] = [];
    let chars = 0;
    for (const event of this.waiting) {
      if (event.type !== 'changes' || chars >= MESSAGE_CHARS) break;
      batches.push(event.batch);
      chars += charsOfBatch(event.batch);
    }
    this.waiting.splice(0, batches.length);
    return batches;
  }

  /** Counts a message until it is acknowledged. */
  private underWay(chars: number): () => void {
    this.messages++;
    return () => {
      this.messages--;
      this.chars -= chars;
      if (this.messages < WINDOW) this.emitNext();
      this.options.watch.took();
    };
  }
}

function charsOf(event: Told): number {
  return event.type === 'changes' ? charsOfBatch(event.batch) : MARK_CHARS;
}
