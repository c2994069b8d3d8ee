/**
 * Exactly once (T12; dissertation §6.3): each client has at most one write
 * under way, and its last answer is kept. A repeat of that write gets the same
 * answer and writes nothing. Sessions end by replicated time, alike on every
 * node: idle for an hour, or the longest idle when there are too many.
 *
 * Idleness is counted on a clock of its own, which follows the stamps but moves
 * by at most a minute an entry. A leader whose wall clock is hours ahead would
 * otherwise end every session at its first entry, and a write whose repeat is
 * still to come would be done twice.
 */
import type { ApplyResult, SessionRef, SessionRow, Stamp } from './types.ts';

/** Microseconds on the sessions' clock without a write after which a session is forgotten. */
export const SESSION_IDLE_MICROS = 3_600_000_000;
export const MAX_SESSIONS = 100_000;
/** The most that one entry ages a session, microseconds. */
export const MAX_AGEING_MICROS = 60_000_000;

export type SessionVerdict =
  | { readonly is: 'new' }
  | { readonly is: 'repeat'; readonly result: ApplyResult }
  | { readonly is: 'stale'; readonly last: number }
  /** The sequence stands for another write. */
  | { readonly is: 'reused' };

const NOBODY: readonly string[] = [];

export class Sessions {
  /** In the order of their last write, oldest first. */
  private readonly held = new Map<string, SessionRow>();
  private now = 0;
  private lastStamp: Stamp = 0;
  private readonly idleMicros: number;
  private readonly most: number;

  constructor(idleMicros = SESSION_IDLE_MICROS, most = MAX_SESSIONS) {
    this.idleMicros = idleMicros;
    this.most = most;
  }

  /** The sessions' clock, microseconds. */
  get clock(): number {
    return this.now;
  }

  get count(): number {
    return this.held.size;
  }

  /** Call with the stamp of every entry, in order. */
  advance(stamp: Stamp): void {
    this.now += Math.min(stamp - this.lastStamp, MAX_AGEING_MICROS);
    this.lastStamp = stamp;
  }

  /** `asked` is the hash of the write that came under this session. */
  judge(session: SessionRef, asked: number): SessionVerdict {
    const row = this.held.get(session.client);
    if (row === undefined || session.sequence > row.sequence) return { is: 'new' };
    if (session.sequence === row.sequence)
      return row.asked === asked ? { is: 'repeat', result: row.result } : { is: 'reused' };
    return { is: 'stale', last: row.sequence };
  }

  /** Keeps the answer of the entry whose stamp the clock was advanced to last. */
  put(row: SessionRow): void {
    this.held.delete(row.client);
    this.held.set(row.client, row);
  }

  /** Takes over what was saved at a stamp. */
  load(rows: Iterable<SessionRow>, clock: number, stamp: Stamp): void {
    this.held.clear();
    for (const row of [...rows].sort((a, b) => a.stamp - b.stamp)) this.held.set(row.client, row);
    this.now = clock;
    this.lastStamp = stamp;
  }

  /** Forgets what has ended; returns the clients forgotten. Amortised constant work. */
  expire(): readonly string[] {
    let ended: string[] | null = null;
    for (const [client, { clock }] of this.held) {
      if (clock + this.idleMicros >= this.now && this.held.size <= this.most) break;
      this.held.delete(client);
      ended ??= [];
      ended.push(client);
    }
    return ended ?? NOBODY;
  }
}
