/** Open pages, as the server knows them: lines of the live stream that take all that comes. */
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { ServerToClientEvents } from '../contracts/live.ts';

export interface Heard {
  readonly patches: number;
  /** Of all that came, as text. */
  readonly chars: number;
  /** Of the greatest message that is no whole view. */
  readonly longestChars: number;
}

export class LiveLines {
  private readonly sockets: readonly Socket<ServerToClientEvents>[];
  private heard: Heard = { patches: 0, chars: 0, longestChars: 0 };

  private constructor(sockets: readonly Socket<ServerToClientEvents>[]) {
    this.sockets = sockets;
    for (const socket of sockets) this.listen(socket);
  }

  /** Resolves when each has the whole view. */
  static async open(url: string, count: number): Promise<LiveLines> {
    const sockets = Array.from({ length: count }, () =>
      io(url, { transports: ['websocket'], forceNew: true }),
    );
    await Promise.all(
      sockets.map((socket) => new Promise<void>((resolve) => socket.once('view', () => resolve()))),
    );
    return new LiveLines(sockets);
  }

  /** What came since the last call, over all lines. */
  take(): Heard {
    const { heard } = this;
    this.heard = { patches: 0, chars: 0, longestChars: 0 };
    return heard;
  }

  close(): void {
    for (const socket of this.sockets) socket.disconnect();
  }

  private listen(socket: Socket<ServerToClientEvents>): void {
    socket.on('patch', () => {
      this.heard = { ...this.heard, patches: this.heard.patches + 1 };
    });
    socket.io.engine.on('packet', ({ data }: { readonly data?: unknown }) => {
      if (typeof data !== 'string') return;
      const isView = data.startsWith('2["view"');
      this.heard = {
        ...this.heard,
        chars: this.heard.chars + data.length,
        longestChars: Math.max(this.heard.longestChars, isView ? 0 : data.length),
      };
    });
  }
}
