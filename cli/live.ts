/** The server's live line for terminals: the view as it changes, and watches of the store. */
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { failureOf } from '../client/api-failure.ts';
import { initialState, reduce, wantsView } from '../client/live-store.ts';
import type { LiveAction, LiveState } from '../client/live-store.ts';
import type { Problem } from '../contracts/errors.ts';
import type { ClientToServerEvents, ServerToClientEvents } from '../contracts/live.ts';
import type { Connection } from './connection.ts';
import { errorOf } from './failure.ts';

export type LiveSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** Between looks at whether the line has fallen silent, ms. */
const CLOCK_EVERY_MS = 500;
/** A view that was asked for and did not come is asked for again after this, ms. */
const RESYNC_EVERY_MS = 1000;
/** After a refusal that may pass, ms. */
const AGAIN_AFTER_MS = 2000;

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

/**
 * Resolves when the line stands, with why the server keeps nobody like us, once
 * it does; until then it comes back after whatever passes. Throws when the first
 * attempt finds nobody, is not let in, or takes longer than `timeoutMs`.
 */
export async function connected(
  socket: LiveSocket,
  connection: Connection,
  timeoutMs: number,
): Promise<{ readonly dismissed: Promise<never> }> {
  const { promise, resolve, reject } = withResolvers<void>();
  const timer = setTimeout(() => reject(connection.nobodyThere('no live line in time')), timeoutMs);
  const fail = (error: RefusedError): void => {
    const { data, description } = error;
    if (data !== undefined) reject(errorOf(failureOf(data)));
    else reject(connection.nobodyThere(description?.message ?? error.message));
  };
  socket.once('connect', resolve).once('connect_error', fail);
  socket.connect();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    socket.off('connect_error', fail);
  }
  return { dismissed: comingBack(socket) };
}

/** Where the line broke the library tries again by itself, and not where the server ended it or did not let it in. */
async function comingBack(socket: LiveSocket): Promise<never> {
  const { promise, resolve } = withResolvers<Problem>();
  let again: ReturnType<typeof setTimeout> | undefined;
  const judge = (problem: Problem | undefined): void => {
    if (problem !== undefined && !problem.retryable) {
      resolve(problem);
      return;
    }
    clearTimeout(again);
    again = setTimeout(() => socket.connect(), AGAIN_AFTER_MS);
  };
  let why: Problem | undefined;
  socket.on('farewell', (problem) => {
    why = problem;
  });
  socket.on('disconnect', (reason) => {
    if (reason === 'io server disconnect') judge(why);
    if (reason === 'io client disconnect') clearTimeout(again);
    why = undefined;
  });
  socket.on('connect_error', ({ data }: RefusedError) => {
    if (!socket.active) judge(data);
  });
  throw errorOf(failureOf(await promise));
}

/** `data` is from the server itself; else it is the line that failed. */
type RefusedError = Error & {
  readonly data?: Problem;
  readonly description?: { readonly message?: string };
};

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
  socket.on('disconnect', () => take({ type: 'disconnected' }));
  const clock = setInterval(() => take({ type: 'clock', nowMs: Date.now() }), CLOCK_EVERY_MS);
  return () => clearInterval(clock);
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}
