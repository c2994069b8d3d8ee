/** The server's live line for terminals: the view as it changes, and watches of the store. */
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { initialState, reduce, wantsView } from '../client/live-store.ts';
import type { LiveAction, LiveState } from '../client/live-store.ts';
import type { ClientToServerEvents, ServerToClientEvents } from '../contracts/live.ts';
import type { Connection } from './connection.ts';

export type LiveSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** Between looks at whether the line has fallen silent, ms. */
const CLOCK_EVERY_MS = 500;
/** A view that was asked for and did not come is asked for again after this, ms. */
const RESYNC_EVERY_MS = 1000;

/** Not connected yet: `connect()` begins. It comes back by itself when the line breaks. */
export function lineTo(connection: Connection): LiveSocket {
  const { origin, pathname } = new URL(connection.url);
  return io(origin, {
    path: `${pathname.replace(/\/$/, '')}/socket.io`,
    transports: ['websocket'],
    extraHeaders: { ...connection.headers },
    reconnectionDelay: 250,
    reconnectionDelayMax: 2000,
    autoConnect: false,
    forceNew: true,
  });
}

/** Resolves when the line stands; throws when the first attempt finds nobody, or within `timeoutMs`. */
export async function connected(
  socket: LiveSocket,
  connection: Connection,
  timeoutMs: number,
): Promise<void> {
  const { promise, resolve, reject } = withResolvers();
  const timer = setTimeout(() => reject(connection.nobodyThere('no live line in time')), timeoutMs);
  const fail = (error: Error): void => {
    const { description } = error as Error & {
      readonly description?: { readonly message?: string };
    };
    reject(connection.nobodyThere(description?.message ?? error.message));
  };
  socket.once('connect', resolve).once('connect_error', fail);
  socket.connect();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    socket.off('connect_error', fail);
  }
}

/** Tells every new state of the cluster, until it is ended. */
export function follow(socket: LiveSocket, onState: (state: LiveState) => void): () => void {
  let state = initialState(null);
  let askedMs = Number.NEGATIVE_INFINITY;
  const take = (action: LiveAction): void => {
    state = reduce(state, action);
    const nowMs = Date.now();
    if (wantsView(state) && nowMs - askedMs > RESYNC_EVERY_MS) {
      askedMs = nowMs;
      socket.emit('resync');
    }
    onState(state);
  };
  socket.on('view', (view) => take({ type: 'view', view, nowMs: Date.now() }));
  socket.on('patch', (patch) => take({ type: 'patch', patch, nowMs: Date.now() }));
  socket.on('beat', (beat) => take({ type: 'beat', ...beat, nowMs: Date.now() }));
  socket.on('disconnect', (reason) => {
    take({ type: 'disconnected' });
    // After a farewell of the server the library leaves it to us to come back.
    if (reason === 'io server disconnect') socket.connect();
  });
  const clock = setInterval(() => take({ type: 'clock', nowMs: Date.now() }), CLOCK_EVERY_MS);
  return () => clearInterval(clock);
}

function withResolvers() {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}
