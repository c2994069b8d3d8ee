/**
 * Pushes the view to every open page: the whole of it on joining, then numbered
 * patches. At most ten patches a second, or thirty when something happened that
 * a person waits for. A page that cannot keep up is sent no patches; once its
 * line is free it gets the whole view again.
 */
import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { BEAT_EVERY_MS } from '../../contracts/live.ts';
import type { ClusterViewFold } from '../cluster/cluster-view.ts';
import type { FlightRecorder } from '../cluster/flight-recorder.ts';
import type { LiveServer, LiveSocket } from './live-socket.ts';
import type { SocketGate } from './socket-gate.ts';
import type { WatchSockets } from './watch-sockets.ts';

const PATCH_EVERY_MS = 100;
const URGENT_PATCH_EVERY_MS = 33;
const PACKETS_EVERY_MS = 100;
/** Packets waiting in a socket's buffer beyond which it counts as slow. */
const SLOW_AFTER_PACKETS = 20;
/** The browser sends us no more than a word, or the names that it watches. */
const MAX_INCOMING_BYTES = 16 * 1024;
const PACKET_ROOM = 'packets';

export interface PublisherOptions {
  readonly http: HttpServer;
  readonly fold: ClusterViewFold;
  /** Is told every patch. */
  readonly recorder: FlightRecorder;
  readonly watches: WatchSockets;
  readonly gate: SocketGate;
  /** Of every answer to a page that asks instead of listening. */
  readonly headers: Headers;
}

export function isOfSockets(url: string): boolean {
  return url.startsWith('/socket.io/');
}

export class Publisher {
  private readonly io: LiveServer;
  private readonly fold: ClusterViewFold;
  private readonly recorder: FlightRecorder;
  private readonly gate: SocketGate;
  private readonly timers: NodeJS.Timeout[];
  private lastPatchMs = 0;
  private patchTimer: NodeJS.Timeout | null = null;

  constructor({ http, fold, recorder, watches, gate, headers }: PublisherOptions) {
    this.fold = fold;
    this.recorder = recorder;
    this.io = new Server(http, {
      serveClient: false,
      // The page's own upgrades (reload in development) are not ours to end.
      destroyUpgrade: false,
      pingInterval: 5000,
      pingTimeout: 3000,
      connectTimeout: 5000,
      maxHttpBufferSize: MAX_INCOMING_BYTES,
      allowRequest: (request, answer) => {
        const refusal = gate.refuse(request);
        answer(refusal, refusal === null);
      },
    });
    http.prependListener('request', ({ url }, response) => {
      if (isOfSockets(url ?? '')) response.setHeaders(headers);
    });
    this.gate = gate;
    gate.guard(this.io);
    this.io.on('connection', (socket) => {
      gate.welcome(socket);
      this.join(socket);
      watches.join(socket);
    });
    this.timers = [
      setInterval(() => this.patch(), PATCH_EVERY_MS),
      setInterval(() => this.sendPackets(), PACKETS_EVERY_MS),
      setInterval(() => this.beat(), BEAT_EVERY_MS),
    ];
  }

  /** Call after every fact: lets an urgent one out sooner than the next regular patch. */
  nudge(): void {
    if (this.fold.isUrgent) this.patchSoon();
  }

  private patchSoon(): void {
    if (this.patchTimer !== null) return;
    const waitMs = Math.max(0, this.lastPatchMs + URGENT_PATCH_EVERY_MS - performance.now());
    this.patchTimer = setTimeout(() => {
      this.patchTimer = null;
      this.patch();
    }, waitMs);
  }

  /** Lines that are open. */
  get lines(): number {
    return this.io.sockets.sockets.size;
  }

  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    if (this.patchTimer !== null) clearTimeout(this.patchTimer);
    this.gate.close();
    await this.io.close();
  }

  private join(socket: LiveSocket): void {
    // With the patch that everyone else gets then, so that this view and the next patch fit together;
    // those who join at once, as after a restart, cost one patch together.
    socket.data.behind = true;
    this.patchSoon();
    // Answered with the next patch, not at once: asking in a loop costs us no more than ten views a second.
    socket.on('resync', () => {
      socket.data.behind = true;
    });
    socket.on('watchPackets', (on: unknown) => {
      if (on === true) void socket.join(PACKET_ROOM);
      else void socket.leave(PACKET_ROOM);
    });
  }

  private patch(): void {
    const patch = this.fold.takePatch(Date.now());
    if (patch !== null) {
      this.lastPatchMs = performance.now();
      this.recorder.record(patch, () => this.fold.view(patch.atMs));
    }
    const toView: string[] = [];
    const toPatch: string[] = [];
    for (const socket of this.io.sockets.sockets.values()) {
      if (isSlow(socket)) socket.data.behind ||= patch !== null;
      else if (socket.data.behind) {
        socket.data.behind = false;
        toView.push(socket.id);
      } else if (patch !== null) toPatch.push(socket.id);
    }
    // Each is put into words once, for all who get it. Nobody named would be everybody.
    if (toView.length > 0) this.io.to(toView).emit('view', this.fold.view(Date.now()));
    if (toPatch.length > 0 && patch !== null) this.io.to(toPatch).emit('patch', patch);
  }

  private sendPackets(): void {
    const packets = this.fold.takePackets();
    if (packets.length > 0) this.io.to(PACKET_ROOM).volatile.emit('packets', packets);
  }

  private beat(): void {
    const { epoch, currentSeq: seq } = this.fold;
    this.io.volatile.emit('beat', { epoch, seq, atMs: Date.now() });
  }
}

function isSlow(socket: LiveSocket): boolean {
  const connection = socket.conn as unknown as { readonly writeBuffer?: readonly unknown[] };
  return (connection.writeBuffer?.length ?? 0) > SLOW_AFTER_PACKETS;
}
