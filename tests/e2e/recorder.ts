/**
 * Listens to the live stream beside the page and keeps every state of every
 * node, so that a test can speak of all instants and not of two samples.
 */
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../../contracts/live.ts';
import type { EventView, NodeView } from '../../contracts/view.ts';

export class Recorder {
  readonly states: NodeView[] = [];
  readonly events: EventView[] = [];
  private readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  private beats = 0;

  private constructor(url: string) {
    this.socket = io(url, { transports: ['websocket'], forceNew: true });
    this.socket.on('view', (view) => this.states.push(...view.nodes));
    this.socket.on('patch', (patch) => {
      this.states.push(...(patch.nodes ?? []));
      this.events.push(...(patch.events ?? []));
    });
    this.socket.on('beat', () => this.beats++);
  }

  static async open(url: string): Promise<Recorder> {
    const recorder = new Recorder(url);
    await new Promise<void>((resolve) => recorder.socket.once('view', () => resolve()));
    return recorder;
  }

  /** Waits for `count` further beats, one a second, from the server. */
  async beatsPass(count: number): Promise<void> {
    const until = this.beats + count;
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (this.beats < until) return;
        this.socket.off('beat', check);
        resolve();
      };
      this.socket.on('beat', check);
    });
  }

  of(node: string): NodeView[] {
    return this.states.filter((state) => state.id === node);
  }

  /** Every node that was ever seen to lead, by term. */
  leadersByTerm(): Map<number, Set<string>> {
    const leaders = new Map<number, Set<string>>();
    for (const { role, term, id } of this.states) {
      if (role !== 'leader') continue;
      const seen = leaders.get(term) ?? new Set();
      leaders.set(term, seen.add(id));
    }
    return leaders;
  }

  close(): void {
    this.socket.disconnect();
  }
}
