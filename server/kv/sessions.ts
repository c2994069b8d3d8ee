/**
 * Exactly once (T12; dissertation §6.3): each client has at most one write
 * under way, and its last answer is kept. A repeat of that write gets the same
 * answer and writes nothing. Sessions end by replicated time, alike on every
 * node: idle for an hour, or the longest idle when there are too many.
 */
import type { ApplyResult, SessionRef, SessionRow, Stamp } from './types.ts';

/** Microseconds of log time without a write after which a session is forgotten. */
export const SESSION_IDLE_MICROS = 3_600_000_000;
export const MAX_SESSIONS = 100_000;

export type SessionVerdict =
  | { readonly is: 'new' }
  | { readonly is: 'repeat'; readonly result: ApplyResult }
  | { readonly is: 'stale'; readonly last: number };

export class Sessions {
  /** In the order of their last write, oldest first. */
  private readonly rows = new Map<string, SessionRow>();
  private readonly idleMicros: number;
  private readonly most: number;

  constructor(idleMicros = SESSION_IDLE_MICROS, most = MAX_SESSIONS) {
    this.idleMicros = idleMicros;
    this.most = most;
  }

  get count(): number {
    return this.rows.size;
  }

  judge(session: SessionRef): SessionVerdict {
    const row = this.rows.get(session.client);
    if (row === undefined || session.sequence > row.sequence) return { is: 'new' };
    if (session.sequence === row.sequence) return { is: 'repeat', result: row.result };
    return { is: 'stale', last: row.sequence };
  }

  /** Keeps the answer; rows must be put in stamp order. */
  put(row: SessionRow): void {
    this.rows.delete(row.client);
    this.rows.set(row.client, row);
  }

  /** Forgets what ended before `now`; returns the clients forgotten. Amortised constant work. */
  expire(now: Stamp): readonly string[] {
    const ended: string[] = [];
    for (const row of this.rows.values()) {
      if (row.stamp + this.idleMicros >= now && this.rows.size <= this.most) break;
      this.rows.delete(row.client);
      ended.push(row.client);
    }
    return ended;
  }
}
