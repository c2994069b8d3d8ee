/**
 * The names under which writes are done once each. A session has one write under
 * way, since the store keeps its last answer alone; so writes side by side need as
 * many sessions. There are at most so many, and whoever finds none free waits in
 * turn. A session whose write has an unknown outcome does not come back until that
 * is resolved: a later number would make the store forget what became of it.
 */

import { onAbort } from './time.ts';

export interface Session {
  readonly clientId: string;
  /** Number of the last write that was sent under it. */
  readonly sequence: number;
}

/** A place for one write, with a session or none yet. */
export interface Seat {
  session: Session | null;
}

interface Waiting {
  readonly count: number;
  readonly resolve: (seats: readonly Seat[]) => void;
}

export class SessionPool {
  /** Places that are taken. */
  private taken = 0;
  /** The one used last is the last, and is used next: so few are kept from ending. */
  private readonly free: Session[] = [];
  private readonly waiting: Waiting[] = [];
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  get size(): number {
    return this.most;
  }

  /** `count` places at once, in turn; null when the signal ends before. `count` is at most {@link size}. */
  take(count: number, signal: AbortSignal): Promise<readonly Seat[] | null> {
    if (signal.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      const waiting: Waiting = {
        count,
        resolve: (seats) => {
          forget();
          resolve(seats);
        },
      };
      const forget = onAbort(signal, () => {
        this.waiting.splice(this.waiting.indexOf(waiting), 1);
        // The next one may want less.
        this.serve();
        resolve(null);
      });
      this.waiting.push(waiting);
      this.serve();
    });
  }

  /** The place is free again, and its session, if it still has one. */
  leave({ session }: Seat): void {
    this.taken--;
    if (session !== null) this.free.push(session);
    this.serve();
  }

  /** A session that comes back without a place: its write was resolved. Beyond the bound it is left to end by itself. */
  giveBack(session: Session): void {
    if (this.free.length < this.most) this.free.push(session);
  }

  private serve(): void {
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      if (this.taken + first.count > this.most) return;
      this.waiting.shift();
      this.taken += first.count;
      first.resolve(
        Array.from({ length: first.count }, () => ({ session: this.free.pop() ?? null })),
      );
    }
  }
}
