/**
 * The one connection of the page to the live stream. Messages are gathered and
 * handed over once per animation frame; while the tab is hidden nothing is
 * applied, and on return a full view is asked for instead of a backlog. A view
 * that the stream does not bring in time is asked for over HTTP.
 */
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { Problem } from '../contracts/errors.ts';
import type { ClientToServerEvents, ServerToClientEvents } from '../contracts/live.ts';
import { ChronoraftClient } from './http-client.ts';
import { wantsView } from './live-store.ts';
import type { LiveAction, LiveState } from './live-store.ts';
import { OwnStalls } from './own-stalls.ts';
import { Watches } from './watch.ts';

/** How often the age of the last message is judged, ms. */
const CLOCK_EVERY_MS = 500;
/** A resync that brings no view is asked for again after this long, ms. */
const RESYNC_EVERY_MS = 1000;
/** After a refusal that may pass, ms. */
const AGAIN_AFTER_MS = 2000;

export interface LiveTarget {
  /** Applies all actions in order, then tells its readers once. */
  dispatch(actions: readonly LiveAction[]): void;
  state(): LiveState;
}

export interface Live {
  /** Of the store, on the same line. */
  readonly watches: Watches;
  end(): void;
}

export function connectLive(target: LiveTarget): Live {
  const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io({
    transports: ['websocket'],
    reconnectionDelay: 250,
    reconnectionDelayMax: 2000,
    forceNew: true,
  });
  const watches = new Watches(socket);
  let waiting: LiveAction[] = [];
  let frame: number | null = null;
  let resyncAskedMs = Number.NEGATIVE_INFINITY;
  let resyncTries = 0;
  let isSignedOut = false;
  let again: ReturnType<typeof setTimeout> | undefined;
  const http = new ChronoraftClient();

  const flush = (): void => {
    frame = null;
    const actions = waiting;
    waiting = [];
    target.dispatch(actions);
    if (wantsView(target.state())) askForView();
    else resyncTries = 0;
  };
  const askForView = (): void => {
    const now = Date.now();
    if (now - resyncAskedMs < RESYNC_EVERY_MS) return;
    resyncAskedMs = now;
    resyncTries++;
    socket.emit('resync');
    if (resyncTries > 1) void fetchView();
  };
  const fetchView = async (): Promise<void> => {
    const result = await http.cluster();
    if (result.ok) take({ type: 'view', view: result.value, nowMs: Date.now() });
  };
  const take = (action: LiveAction): void => {
    if (document.hidden) return;
    waiting.push(action);
    frame ??= requestAnimationFrame(flush);
  };
  const onVisibility = (): void => {
    if (document.hidden) {
      waiting = [];
      socket.emit('watchPackets', false);
      return;
    }
    socket.emit('watchPackets', true);
    socket.emit('resync');
    take({ type: 'clock', nowMs: Date.now() });
  };

  const refused = (problem: Problem | undefined): boolean => {
    if (problem?.code !== 'UNAUTHENTICATED') return false;
    isSignedOut = true;
    target.dispatch([{ type: 'signedOut', why: problem.message }]);
    return true;
  };

  socket.on('access', (access) => target.dispatch([{ type: 'access', access }]));
  socket.on('farewell', (why) => refused(why));
  socket.on('view', (view) => take({ type: 'view', view, nowMs: Date.now() }));
  socket.on('patch', (patch) => take({ type: 'patch', patch, nowMs: Date.now() }));
  socket.on('beat', (beat) => take({ type: 'beat', ...beat, nowMs: Date.now() }));
  socket.on('packets', (packets) => take({ type: 'packets', packets }));
  socket.on('connect', () => socket.emit('watchPackets', !document.hidden));
  socket.on('disconnect', (reason) => {
    take({ type: 'disconnected' });
    // After a farewell of the server the library leaves it to us to come back.
    if (reason === 'io server disconnect' && !isSignedOut) socket.connect();
  });
  // Where it was the line, the library tries again by itself.
  socket.on('connect_error', (error: Error & { readonly data?: Problem }) => {
    if (!socket.active && !refused(error.data))
      again = setTimeout(() => socket.connect(), AGAIN_AFTER_MS);
  });
  socket.io.on('reconnect_attempt', () => take({ type: 'attempt' }));
  document.addEventListener('visibilitychange', onVisibility);
  const stalls = new OwnStalls(CLOCK_EVERY_MS, Date.now());
  const clock = setInterval(() => {
    const nowMs = Date.now();
    if (stalls.mayJudge(nowMs)) take({ type: 'clock', nowMs });
  }, CLOCK_EVERY_MS);

  const end = (): void => {
    clearInterval(clock);
    clearTimeout(again);
    document.removeEventListener('visibilitychange', onVisibility);
    if (frame !== null) cancelAnimationFrame(frame);
    watches.close();
    socket.disconnect();
  };
  return { watches, end };
}
