/** What a lesson needs of the world, in Node: the live stream of a real server, and its HTTP API. */
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { ChronoraftClient } from '../../client/http-client.ts';
import type { LessonPorts } from '../../client/lesson-runner.ts';
import { whyUnfit } from '../../client/lessons/mend.ts';
import { initialState, reduce, wantsView } from '../../client/live-store.ts';
import type { LiveAction, LiveState } from '../../client/live-store.ts';
import type { ClientToServerEvents, ServerToClientEvents } from '../../contracts/live.ts';
import type { ClusterView } from '../../contracts/view.ts';
import { must } from '../../server/base/assert.ts';

export class LivePorts implements LessonPorts {
  private readonly url: string;
  private readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  private readonly hearers = new Set<(view: ClusterView) => void>();
  private state: LiveState = initialState(null);

  /** Limits come so many times sooner, for a test that waits for one. */
  hurry = 1;

  constructor(url: string) {
    this.url = url;
    this.socket = io(url, { transports: ['websocket'], forceNew: true });
    this.socket.on('view', (view) => this.take({ type: 'view', view, nowMs: Date.now() }));
    this.socket.on('patch', (patch) => this.take({ type: 'patch', patch, nowMs: Date.now() }));
  }

  readonly client = (timeoutMs = 20_000): ChronoraftClient =>
    new ChronoraftClient({ baseUrl: this.url, timeoutMs });

  view(): ClusterView {
    return must(this.state.view, 'a lesson begins when the cluster was heard of');
  }

  listen(hear: (view: ClusterView) => void): () => void {
    this.hearers.add(hear);
    return () => this.hearers.delete(hear);
  }

  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(run, ms / this.hurry);
    return () => clearTimeout(timer);
  }

  /** Resolves when a lesson can begin. */
  fit(): Promise<void> {
    return this.until((view) => whyUnfit(view) === null);
  }

  until(isSo: (view: ClusterView) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.listen((view) => {
        if (!isSo(view)) return;
        stop();
        resolve();
      });
      if (this.state.view !== null && isSo(this.state.view)) {
        stop();
        resolve();
      }
    });
  }

  close(): void {
    this.socket.disconnect();
  }

  private take(action: LiveAction): void {
    this.state = reduce(this.state, action);
    if (wantsView(this.state)) this.socket.emit('resync');
    else if (this.state.view !== null) for (const hear of this.hearers) hear(this.state.view);
  }
}
