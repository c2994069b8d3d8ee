/**
 * A node in a process of its own. It may be killed at any instant; it ends with the
 * server that started it, and leaves the signals of a terminal or of a service manager,
 * which go to all processes at once, to that server.
 */
import type { Socket } from 'node:net';
import { must } from '../base/assert.ts';
import { SocketLine } from '../transport/socket-line.ts';
import { armFailpoint } from './armed-failpoints.ts';
import type { Arming } from './armed-failpoints.ts';
import { NODE_TITLE } from './control.ts';
import type { FromNode, NodeOptions, ToNode } from './control.ts';
import type { NodeDoor } from './node-door.ts';
import { runNode } from './run-node.ts';

/** What comes over the channel; the line's end is the socket that comes with it. */
export type ToProcess =
  | { readonly type: 'begin'; readonly options: NodeOptions }
  | { readonly type: 'connect'; readonly peer: string }
  /** Builds for use do nothing of the kind. */
  | ({ readonly type: 'arm' } & Arming)
  | Exclude<ToNode, { type: 'connect' }>;

/** How long the word that it met a bug may take to leave, ms; the end of the process comes then all the same. */
const LAST_WORD_WITHIN_MS = 1000;

class ProcessDoor implements NodeDoor {
  private take: ((message: ToNode) => void) | null = null;
  private early: ToNode[] = [];
  private telling = 0;
  private isClosed = false;
  private isBroken = false;
  private readonly lines = new Set<SocketLine>();

  tell(message: FromNode): void {
    if (!process.connected || this.isBroken) return;
    this.telling++;
    process.send?.(message, undefined, {}, () => {
      this.telling--;
      this.endWhenOut();
    });
  }

  onMessage(take: (message: ToNode) => void): void {
    this.take = take;
    for (const message of this.early.splice(0)) take(message);
  }

  /** A process is stopped by a signal, not by itself. */
  pass(): void {}

  close(): void {
    this.isClosed = true;
    this.endWhenOut();
  }

  receive(message: ToNode): void {
    if (this.isClosed) return;
    if (this.take === null) this.early.push(message);
    else this.take(message);
  }

  /** A line to another node; it ends when this node has met a bug. */
  connect(peer: string, line: SocketLine): void {
    this.lines.add(line);
    line.once('close', () => this.lines.delete(line));
    this.receive({ type: 'connect', peer, line });
  }

  /** What this process holds may make no sense: it hears and says nothing more, but why. */
  break(reason: string): void {
    for (const line of this.lines) line.close();
    this.tell({ type: 'failed', reason, refusal: null });
    this.isBroken = true;
    this.close();
    setTimeout(() => process.exit(1), LAST_WORD_WITHIN_MS);
  }

  private endWhenOut(): void {
    if (this.isClosed && this.telling === 0) process.exit(0);
  }
}

const door = new ProcessDoor();

process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.once('disconnect', () => process.exit(0));
// While modules are loaded, nobody hears that the server dies.
if (!process.connected) process.exit(0);
process.on('uncaughtException', (error: unknown) => {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  door.break(reason);
});
process.on('message', (message: ToProcess, socket?: Socket) => {
  switch (message.type) {
    case 'begin':
      process.title = `${NODE_TITLE}${message.options.id}`;
      void runNode(message.options, door);
      return;
    case 'connect':
      door.connect(message.peer, new SocketLine(must(socket, 'a line comes with its socket')));
      return;
    case 'arm':
      armFailpoint(message, (signal) => process.kill(process.pid, signal));
      return;
    default:
      door.receive(message);
  }
});
