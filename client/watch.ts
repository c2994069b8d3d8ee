/**
 * Watches over the page's socket. Each goes on by itself, after the last revision
 * that it was told, when the line comes back or the server ended it for a reason
 * that passes; so its reader is told every change once, in order.
 */
import type { Socket } from 'socket.io-client';
import type { Problem } from '../contracts/errors.ts';
import type { ClientToServerEvents, ServerToClientEvents } from '../contracts/live.ts';
import type { BatchView, WatchAnswer } from '../contracts/watch.ts';

/** What failed and may succeed is asked for again after this long, ms. */
const RETRY_MS = 1000;

/** One field, a record, the keys with a prefix, or all. */
export interface WatchScope {
  readonly key?: string;
  readonly field?: string;
  readonly prefix?: string;
}

export interface WatchReader {
  /** What happened, in order. If it gives a promise, few more messages come before that is kept. */
  onChanges(batches: readonly BatchView[]): unknown;
  /** Everything up to here is told; the first time: it is told from here on. */
  onProgress?(through: number): void;
  /** This reader is slower than the store. */
  onLagging?(through: number, head: number): void;
  /** It cannot be watched, or not any further; nothing more comes. */
  onEnd?(problem: Problem): void;
}

type LiveSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

interface Watching {
  readonly scope: WatchScope;
  readonly reader: WatchReader;
  /** Null until it is known from where it is told. */
  after: number | null;
  /** Its number with the server, a new one each time it is asked for; null while it is not. */
  id: number | null;
}

export class Watches {
  private readonly socket: LiveSocket;
  private readonly all = new Set<Watching>();
  private readonly byId = new Map<number, Watching>();
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private nextId = 1;

  constructor(socket: LiveSocket) {
    this.socket = socket;
    socket.on('connect', () => {
      for (const watching of this.all) this.ask(watching);
    });
    socket.on('disconnect', () => {
      for (const watching of this.all) watching.id = null;
      this.byId.clear();
    });
    socket.on('changes', ({ watch, batches }, taken) => {
      const watching = this.byId.get(watch);
      if (watching !== undefined) {
        watching.after = batches.at(-1)?.revision ?? watching.after;
        const told = watching.reader.onChanges(batches);
        if (told instanceof Promise) {
          void told.finally(taken);
          return;
        }
      }
      taken();
    });
    socket.on('progress', ({ watch, through }, taken) => {
      const watching = this.byId.get(watch);
      if (watching !== undefined) {
        watching.after = through;
        watching.reader.onProgress?.(through);
      }
      taken();
    });
    socket.on('lagging', ({ watch, through, head }, taken) => {
      this.byId.get(watch)?.reader.onLagging?.(through, head);
      taken();
    });
    socket.on('watchEnd', ({ watch, through, problem }) => {
      const watching = this.byId.get(watch);
      if (watching === undefined) return;
      watching.after = through;
      this.failed(watching, problem);
    });
  }

  /** From `after`, or from now on. Gives what ends it. */
  watch(scope: WatchScope, reader: WatchReader, after: number | null = null): () => void {
    const watching: Watching = { scope, reader, after, id: null };
    this.all.add(watching);
    if (this.socket.connected) this.ask(watching);
    return () => {
      this.all.delete(watching);
      if (watching.id === null) return;
      this.byId.delete(watching.id);
      this.socket.emit('unwatch', watching.id);
    };
  }

  /** Nothing is asked for again. The socket is its owner's to end. */
  close(): void {
    this.all.clear();
    this.byId.clear();
    for (const timer of this.timers) clearTimeout(timer);
  }

  private ask(watching: Watching): void {
    const id = this.nextId++;
    watching.id = id;
    this.byId.set(id, watching);
    const { scope, after } = watching;
    const request = { watch: id, ...scope, ...(after !== null && { after }) };
    this.socket.emit('watch', request, (answer: WatchAnswer) => {
      if (this.byId.get(id) !== watching) return;
      if (answer.ok) watching.after ??= answer.after;
      else this.failed(watching, answer.problem);
    });
  }

  private failed(watching: Watching, problem: Problem): void {
    if (watching.id !== null) this.byId.delete(watching.id);
    watching.id = null;
    if (!problem.retryable) {
      this.all.delete(watching);
      watching.reader.onEnd?.(problem);
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      const isMissing = this.all.has(watching) && watching.id === null;
      if (isMissing && this.socket.connected) this.ask(watching);
    }, RETRY_MS);
    this.timers.add(timer);
  }
}
