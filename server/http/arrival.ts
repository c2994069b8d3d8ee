/** Those who are slow on purpose: bodies that never end, and connections without number. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../access/address.ts';
import { HttpError } from './errors.ts';
import { isInner } from './inner-line.ts';
import { isApi } from './input.ts';

/**
 * A body that was not there within `withinMs` is not waited for: nothing of the
 * request is done. One that is taken as it comes may last, but not stand still so long.
 */
export function expectBody(request: FastifyRequest, reply: FastifyReply, withinMs: number): void {
  const { raw } = request;
  // Most bodies come with their headers: nothing need be set up to wait for them.
  if (raw.complete) return;
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  if ((length === '0' && encoding === undefined) || !isApi(request)) return;
  const streamed = isStreamed(request);
  let seenBytes = raw.socket.bytesRead;
  const late = (): void => {
    if (raw.complete) return;
    if (!streamed) {
      reply.raw.once('finish', () => raw.destroy());
      void reply
        .header('connection', 'close')
        .send(new HttpError('REQUEST_TIMEOUT', 'the body did not arrive in time'));
    } else if (raw.socket.bytesRead === seenBytes) raw.destroy();
    else {
      seenBytes = raw.socket.bytesRead;
      timer.refresh();
    }
  };
  const timer = setTimeout(late, withinMs);
  timer.unref();
  raw.once('close', () => clearTimeout(timer));
  raw.once('end', () => clearTimeout(timer));
}

/** Bytes of bodies that are under way, together: what is beyond is refused before it is read. */
const MAX_BODIES_BYTES = 128 * 1024 * 1024;

/** Bounds what all requests together hold in memory. */
export class BodyBudget {
  private bytes = 0;

  /** Throws OVERLOADED. A body without a length counts as the longest that the route takes. */
  take(request: FastifyRequest, reply: FastifyReply): void {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    if (isStreamed(request)) return;
    const longest = request.routeOptions.bodyLimit;
    const claimed = encoding === undefined ? Number(length ?? 0) : longest;
    // What is longer is refused for that, and never held.
    const bytes = Math.min(claimed, longest);
    if (bytes === 0) return;
    if (this.bytes + bytes > MAX_BODIES_BYTES)
      throw new HttpError('OVERLOADED', 'too much is on its way to this server; nothing was done', {
        limit: MAX_BODIES_BYTES,
      });
    this.bytes += bytes;
    reply.raw.once('close', () => {
      this.bytes -= bytes;
    });
  }
}

function isStreamed({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url === '/api/v1/backup/restore';
}

/** Hangs up at once on an address that has so many connections already. */
export function limitConnections(server: Server, maxPerAddress: number): void {
  const open = new Map<string, number>();
  const counted = new WeakSet<Socket>();
  server.prependListener('connection', (socket: Socket) => {
    // One that offered another protocol comes back as if it were new.
    if (counted.has(socket) || isInner(socket)) return;
    counted.add(socket);
    const address = callerOf(socket.remoteAddress);
    const others = open.get(address) ?? 0;
    if (others >= maxPerAddress) {
      socket.destroy();
      return;
    }
    open.set(address, others + 1);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}
