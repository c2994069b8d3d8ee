/**
 * A line between two processes: a socket that carries values, each as structured clone
 * writes it, after its length in four bytes. Who does not read is not written for without
 * end: what would be beyond a bound is lost, as the transport may.
 */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';
import type { PeerLine } from '../ports/peer-line.ts';

const HEAD_BYTES = 4;
/** More than a node ever sends as one. */
const MAX_FRAME_BYTES = 256 * 1024 * 1024;
/** What may wait for a reader, bytes; a packet that finds so much waiting is lost. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

export class SocketLine extends EventEmitter implements PeerLine {
  private readonly socket: Socket;
  /** Read, and not yet a whole frame. */
  private chunks: Buffer[] = [];
  private bytes = 0;
  /** Length of the frame that comes next, with its head; 0 while unknown. */
  private awaited = 0;

  constructor(socket: Socket) {
    super();
    this.socket = socket;
    socket.setNoDelay(true);
    // Its end is told by 'close'.
    socket.on('error', () => {});
    socket.once('close', () => this.emit('close'));
    socket.on('data', (chunk: Buffer) => this.take(chunk));
  }

  postMessage(packet: unknown): void {
    const { socket } = this;
    if (!socket.writable || socket.writableLength > MAX_WAITING_BYTES) return;
    const body = serialize(packet);
    const head = Buffer.allocUnsafe(HEAD_BYTES);
    head.writeUInt32LE(body.length);
    socket.cork();
    socket.write(head);
    socket.write(body);
    socket.uncork();
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    while (!this.socket.destroyed && this.bytes >= HEAD_BYTES) {
      if (this.awaited === 0) this.awaited = HEAD_BYTES + this.joined().readUInt32LE(0);
      if (this.awaited > MAX_FRAME_BYTES) {
        this.close();
        return;
      }
      if (this.bytes < this.awaited) return;
      const all = this.joined();
      const packet: unknown = deserialize(all.subarray(HEAD_BYTES, this.awaited));
      this.chunks = this.awaited < all.length ? [all.subarray(this.awaited)] : [];
      this.bytes -= this.awaited;
      this.awaited = 0;
      this.emit('message', packet);
    }
  }

  private joined(): Buffer {
    if (this.chunks.length !== 1) this.chunks = [Buffer.concat(this.chunks)];
    return this.chunks[0] as Buffer;
  }
}
