/**
 * Who is asking. Without tokens everyone who can reach the server is its
 * operator; with them, who brings no valid one is nobody. A browser trades its
 * token for a session in a cookie that no script can read. An identity is asked
 * again for as long as it is used: tokens expire and are taken back.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import type { AccessView, Role } from '../../contracts/access.ts';
import type { Logger } from '../logger.ts';
import { hashOf, readTokenFile } from './tokens.ts';
import type { TokenRecord } from './tokens.ts';

/** A browser signs in again after this, ms. */
export const SESSION_LASTS_MS = 12 * 3_600_000;
/** Beyond that the oldest session ends. */
const MAX_SESSIONS = 1000;
/** How often the file of tokens is looked at, ms. */
const LOOK_EVERY_MS = 1000;

/** Someone, and what they are known by. */
export interface Identity {
  readonly name: string;
  readonly role: Role;
  readonly by: 'nothing' | 'token' | 'cookie';
  /** Epoch ms; null: it does not end. */
  readonly expiresAtMs: number | null;
  /** SHA-256 of the token; null without one. */
  readonly hash: Buffer | null;
  /** Of the browser's session, by the hash of its secret. */
  readonly session: string | null;
}

/** Why someone is nobody. `none`: nothing was shown. */
export type Unknown = 'none' | 'wrong' | 'expired' | 'ended';

export type Identified =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly why: Unknown };

export interface AccessOptions {
  readonly tokens: readonly TokenRecord[];
  /** Read again when it changes; null: tokens stay as they are. */
  readonly file: string | null;
  /** Tells cookies of servers apart that share a host name. */
  readonly clusterId: string;
  readonly logger: Logger;
  now?(): number;
}

const EVERYONE: Identity = {
  name: 'local',
  role: 'operator',
  by: 'nothing',
  expiresAtMs: null,
  hash: null,
  session: null,
};

/** The program that the server runs in. */
export const PROGRAM: Identity = { ...EVERYONE, name: 'in-process' };

interface Session {
  readonly hash: Buffer;
  readonly expiresAtMs: number;
}

export class Access {
  readonly cookieName: string;
  private tokens: readonly TokenRecord[];
  private readonly logger: Logger;
  private readonly now: () => number;
  private readonly sessions = new Map<string, Session>();
  private readonly timer: NodeJS.Timeout | null;
  private stamp: string;

  constructor({ tokens, file, clusterId, logger, now = () => Date.now() }: AccessOptions) {
    this.tokens = tokens;
    this.logger = logger;
    this.now = now;
    this.cookieName = `chronoraft-${createHash('sha256').update(clusterId).digest('hex').slice(0, 8)}`;
    this.stamp = file === null ? '' : stampOf(file);
    this.timer = file === null ? null : setInterval(() => this.look(file), LOOK_EVERY_MS);
    this.timer?.unref();
  }

  /** False: everyone is the operator. */
  get isRequired(): boolean {
    return this.tokens.length > 0;
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** From the headers of a request; `token` is one that came by another way. A token that is shown counts, and no cookie beside it. */
  identify(headers: IncomingHttpHeaders, token?: string): Identified {
    if (!this.isRequired) return { ok: true, identity: EVERYONE };
    const shown = token ?? bearerOf(headers.authorization);
    if (shown !== null) return this.ofToken(shown);
    const secret = cookieOf(headers.cookie, this.cookieName);
    return secret === null ? { ok: false, why: 'none' } : this.ofSession(secret);
  }

  /** Null while the identity holds, else why not. */
  lost({ hash, session, role }: Identity): Unknown | null {
    if (hash === null) return this.isRequired ? 'ended' : null;
    if (session !== null && !this.sessions.has(session)) return 'ended';
    const record = this.recordOf(hash);
    if (record === null || record.role !== role) return 'ended';
    return this.isOver(record.expiresAtMs) || this.isOver(this.endOf(session)) ? 'expired' : null;
  }

  /** The secret of a new session, for a cookie; null when the token is not a valid one. */
  signIn(token: string): { readonly secret: string; readonly identity: Identity } | null {
    const known = this.ofToken(token);
    if (!known.ok) return null;
    const { identity } = known;
    const secret = randomBytes(32).toString('base64url');
    const session = sessionKey(secret);
    const expiresAtMs = Math.min(
      this.now() + SESSION_LASTS_MS,
      identity.expiresAtMs ?? Number.POSITIVE_INFINITY,
    );
    for (const [key, { expiresAtMs: endMs }] of this.sessions)
      if (this.isOver(endMs)) this.sessions.delete(key);
    const [oldest] = this.sessions.keys();
    if (this.sessions.size >= MAX_SESSIONS && oldest !== undefined) this.sessions.delete(oldest);
    this.sessions.set(session, { hash: identity.hash ?? hashOf(token), expiresAtMs });
    return { secret, identity: { ...identity, by: 'cookie', expiresAtMs, session } };
  }

  signOut({ session }: Identity): void {
    if (session !== null) this.sessions.delete(session);
  }

  private ofToken(token: string): Identified {
    const hash = hashOf(token);
    const record = this.recordOf(hash);
    if (record === null) return { ok: false, why: 'wrong' };
    const { name, role, expiresAtMs } = record;
    if (this.isOver(expiresAtMs)) return { ok: false, why: 'expired' };
    return { ok: true, identity: { name, role, by: 'token', expiresAtMs, hash, session: null } };
  }

  private ofSession(secret: string): Identified {
    const session = sessionKey(secret);
    const found = this.sessions.get(session);
    if (found === undefined) return { ok: false, why: 'ended' };
    const record = this.recordOf(found.hash);
    if (record === null) return { ok: false, why: 'ended' };
    const { hash, expiresAtMs } = found;
    if (this.isOver(expiresAtMs) || this.isOver(record.expiresAtMs))
      return { ok: false, why: 'expired' };
    const { name, role } = record;
    return { ok: true, identity: { name, role, by: 'cookie', expiresAtMs, hash, session } };
  }

  /** Looks at every token, so that how long it takes tells nothing of which one, or how much of one, fits. */
  private recordOf(hash: Buffer): TokenRecord | null {
    let found: TokenRecord | null = null;
    for (const record of this.tokens) if (timingSafeEqual(record.hash, hash)) found = record;
    return found;
  }

  private endOf(session: string | null): number | null {
    return session === null ? null : (this.sessions.get(session)?.expiresAtMs ?? null);
  }

  private isOver(endMs: number | null): boolean {
    return endMs !== null && endMs <= this.now();
  }

  private look(file: string): void {
    const stamp = stampOf(file);
    if (stamp === this.stamp) return;
    this.stamp = stamp;
    try {
      this.tokens = readTokenFile(file);
      this.logger.warn({ tokens: this.tokens.length }, 'the file of tokens was read again');
    } catch (error) {
      // A file that is half written lets nobody out, and nobody new in.
      this.logger.error(
        { err: error },
        'the file of tokens cannot be used; the tokens before hold',
      );
    }
  }
}

/** As the asker is told. */
export function accessView({ name, role, by, expiresAtMs }: Identity): AccessView {
  return { name, role, signedIn: by !== 'nothing', expiresAtMs };
}

export function whyUnknown(why: Unknown): string {
  switch (why) {
    case 'none':
      return 'this server wants to know who asks: sign in, or send a token as Authorization: Bearer';
    case 'wrong':
      return 'the token is not one of this server';
    case 'expired':
      return 'the access has expired: sign in again';
    case 'ended':
      return 'the access has ended: sign in again';
  }
}

function bearerOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  // Whatever else is shown is a token that is not ours.
  return /^Bearer +(\S+)$/i.exec(header)?.[1] ?? '';
}

export function cookieOf(header: string | undefined, name: string): string | null {
  for (const part of header?.split(';') ?? []) {
    const at = part.indexOf('=');
    if (at !== -1 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}

function sessionKey(secret: string): string {
  return hashOf(secret).toString('base64');
}

/** Changes with the file. */
function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? 'gone' : `${stat.mtimeNs} ${stat.ino} ${stat.size} ${stat.mode}`;
}
