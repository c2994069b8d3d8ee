/** The watches of sockets: opened and ended by their clients, each under a number that its client chose. */
import type { Problem } from '../../contracts/errors.ts';
import type { WatchAnswer } from '../../contracts/watch.ts';
import { WatchRequest } from '../../contracts/watch.ts';
import type { Opened, Watch } from '../watch/hub.ts';
import type { WatchEnd, WatchSink } from '../watch/watcher.ts';
import type { LiveSocket } from './live-socket.ts';
import { SocketStream } from './socket-stream.ts';

export const MAX_WATCHES_PER_SOCKET = 16;

/** Opens watches, and has the API's words for what cannot be. */
export interface WatchDoor {
  open(
    request: WatchRequest,
    attach: (watch: Watch) => WatchSink,
  ): Promise<Extract<Opened, { ok: true }> | { readonly ok: false; readonly problem: Problem }>;
  refuse(code: 'BAD_REQUEST' | 'CONFLICT' | 'OVERLOADED', message: string, path?: string): Problem;
  problemOf(end: WatchEnd): Problem;
}

/** One that is open or being opened. */
interface Entry {
  open: { readonly watch: Watch; readonly stream: SocketStream } | null;
  isOver: boolean;
}

export class WatchSockets {
  private readonly door: WatchDoor;

  constructor(door: WatchDoor) {
    this.door = door;
  }

  join(socket: LiveSocket): void {
    const entries = new Map<number, Entry>();
    socket.on('watch', (request: unknown, answer: unknown) => {
      if (typeof answer !== 'function') return;
      void this.watch(socket, entries, request).then((said) => answer(said));
    });
    socket.on('unwatch', (id: unknown) => {
      if (typeof id === 'number') end(entries, id);
    });
    socket.on('disconnect', () => {
      for (const id of entries.keys()) end(entries, id);
    });
  }

  private async watch(
    socket: LiveSocket,
    entries: Map<number, Entry>,
    asked: unknown,
  ): Promise<WatchAnswer> {
    const parsed = WatchRequest.safeParse(asked);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const path = ['watch', ...(issue?.path ?? [])].join('.');
      const message = `${path}: ${issue?.message ?? 'not understood'}`;
      return { ok: false, problem: this.door.refuse('BAD_REQUEST', message, path) };
    }
    const request = parsed.data;
    const id = request.watch;
    if (entries.has(id)) {
      const message = `there is a watch of the number ${id}`;
      return { ok: false, problem: this.door.refuse('CONFLICT', message, 'watch.watch') };
    }
    if (entries.size >= MAX_WATCHES_PER_SOCKET) {
      const message = `a socket has ${MAX_WATCHES_PER_SOCKET} watches at most`;
      return { ok: false, problem: this.door.refuse('OVERLOADED', message) };
    }
    const entry: Entry = { open: null, isOver: false };
    entries.set(id, entry);
    const opened = await this.door.open(request, (watch) => {
      const stream = new SocketStream({
        socket,
        id,
        watch,
        problemOf: (why) => this.door.problemOf(why),
        onEnd: () => void entries.delete(id),
      });
      // Nobody wants it any more, or its socket has gone.
      if (entry.isOver) stream.close();
      entry.open = { watch, stream };
      return stream;
    });
    if (!opened.ok) {
      if (!entry.isOver) entries.delete(id);
      return opened;
    }
    if (entry.isOver) opened.watch.close();
    return { ok: true, after: opened.watch.after };
  }
}

function end(entries: Map<number, Entry>, id: number): void {
  const entry = entries.get(id);
  if (entry === undefined) return;
  entries.delete(id);
  entry.isOver = true;
  entry.open?.stream.close();
  entry.open?.watch.close();
}
