/**
 * Who may have a live socket, for how long, and how much they may send over it.
 * A socket's identity is asked again with everything that it sends and once a
 * second, since tokens expire and are taken back.
 */
import type { IncomingMessage } from 'node:http';
import type { Problem } from '../../contracts/errors.ts';
import { accessView, whyUnknown } from '../access/access.ts';
import type { Access, Identity } from '../access/access.ts';
import { callerOf } from '../access/address.ts';
import type { Limits } from '../access/limits.ts';
import { reaches, roleOfEvent } from '../access/roles.ts';
import type { LiveServer, LiveSocket } from './live-socket.ts';

const LOOK_EVERY_MS = 1000;
/** Events of one socket in {@link EVENTS_WITHIN_MS}; a page sends a few. */
export const MAX_EVENTS = 1000;
const EVENTS_WITHIN_MS = 10_000;
/** Who goes on far beyond the limit is let go. */
export const HANG_UP_AFTER_EVENTS = 5 * MAX_EVENTS;

export interface SocketRules {
  readonly access: Access;
  readonly limits: Limits;
  /** Of one address; 0: no limit. */
  readonly maxPerAddress: number;
  /** Null lets a request in, else says why not. */
  refuse(request: IncomingMessage): string | null;
  /** True when nothing says from which page the request is. */
  wantsOrigin(request: IncomingMessage): boolean;
  /** In the API's words. */
  problem(
    code: 'UNAUTHENTICATED' | 'NOT_ALLOWED' | 'RATE_LIMITED' | 'FORBIDDEN',
    message: string,
  ): Problem;
}

export class SocketGate {
  private readonly rules: SocketRules;
  private readonly perAddress = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(rules: SocketRules) {
    this.rules = rules;
  }

  /** Null lets a new connection in, on either transport. */
  refuse(request: IncomingMessage): string | null {
    const { maxPerAddress } = this.rules;
    const open = this.perAddress.get(callerOf(request.socket.remoteAddress)) ?? 0;
    if (maxPerAddress > 0 && open >= maxPerAddress)
      return `there are ${maxPerAddress} sockets from your address already`;
    return this.rules.refuse(request);
  }

  guard(io: LiveServer): void {
    // Also what belongs to a connection that was let in before: its further requests, and its upgrade.
    io.engine.use((request: IncomingMessage, _response: unknown, next: (error?: Error) => void) => {
      const isNew = !/[?&]sid=/.test(request.url ?? '');
      const refusal = isNew ? null : this.rules.refuse(request);
      next(refusal === null ? undefined : new Error(refusal));
    });
    io.engine.on('connection', (connection: EngineConnection) => {
      const address = callerOf(connection.request.socket.remoteAddress);
      this.perAddress.set(address, (this.perAddress.get(address) ?? 0) + 1);
      connection.once('close', () => {
        const left = (this.perAddress.get(address) ?? 1) - 1;
        if (left === 0) this.perAddress.delete(address);
        else this.perAddress.set(address, left);
      });
    });
    io.use((socket, next) => {
      void this.admit(socket).then((refusal) => {
        if (refusal === null) next();
        else next(Object.assign(new Error(refusal.message), { data: refusal }));
      });
    });
    this.timer = setInterval(() => {
      for (const socket of io.sockets.sockets.values()) this.holds(socket);
    }, LOOK_EVERY_MS);
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** Call before anything else listens to the socket. */
  welcome(socket: LiveSocket): void {
    let sent = 0;
    let sinceMs = performance.now();
    socket.on('error', () => {});
    socket.use(([event, ...parts], next) => {
      const nowMs = performance.now();
      if (nowMs - sinceMs > EVENTS_WITHIN_MS) {
        sinceMs = nowMs;
        sent = 0;
      }
      sent++;
      if (!this.holds(socket)) return;
      const refusal = this.judge(socket.data.identity, event, sent);
      if (refusal === null) {
        next();
        return;
      }
      const answer: unknown = parts.at(-1);
      if (typeof answer === 'function') answer({ ok: false, problem: refusal });
      if (sent > HANG_UP_AFTER_EVENTS) this.hangUp(socket, refusal);
    });
    socket.emit('access', accessView(socket.data.identity));
  }

  private judge({ role, name }: Identity, event: string, sent: number): Problem | null {
    const { problem } = this.rules;
    if (sent > MAX_EVENTS) return problem('RATE_LIMITED', 'too much was sent; wait a little');
    return reaches(role, roleOfEvent(event))
      ? null
      : problem('NOT_ALLOWED', `${name} may read and watch; this takes an operator`);
  }

  private async admit(socket: LiveSocket): Promise<Problem | null> {
    const { access, limits, problem, wantsOrigin } = this.rules;
    const { headers } = socket.request;
    const token: unknown = socket.handshake.auth['token'];
    const known = access.identify(headers, typeof token === 'string' ? token : undefined);
    if (!known.ok) {
      const isFlood =
        known.why === 'wrong' &&
        (await limits.wrongToken(callerOf(socket.request.socket.remoteAddress))) !== null;
      return isFlood
        ? problem('RATE_LIMITED', 'too many wrong tokens came from you; wait a little')
        : problem('UNAUTHENTICATED', whyUnknown(known.why));
    }
    if (known.identity.by === 'cookie' && wantsOrigin(socket.request))
      return problem('FORBIDDEN', 'a browser that is signed in says where its page is from');
    socket.data.identity = known.identity;
    return null;
  }

  /** False, and the socket is told why and let go, when its identity is none any more. */
  private holds(socket: LiveSocket): boolean {
    const { access, problem } = this.rules;
    const lost = access.lost(socket.data.identity);
    if (lost === null) return true;
    this.hangUp(socket, problem('UNAUTHENTICATED', whyUnknown(lost)));
    return false;
  }

  private hangUp(socket: LiveSocket, why: Problem): void {
    socket.emit('farewell', why);
    socket.disconnect(true);
  }
}

interface EngineConnection {
  readonly request: IncomingMessage;
  once(event: 'close', listener: () => void): void;
}
