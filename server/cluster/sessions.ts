/**
 * Sessions that the server keeps for writes whose client named none, so that
 * such a write, too, can be proposed again after a leader's death and still be
 * applied once. A session carries one write at a time; it goes back to the pool
 * when the write's outcome is known, and is thrown away when that stays unknown.
 * A write that finds none free opens one of its own, so that writes which begin
 * together do not wait for each other.
 */
import type { SessionRef } from '../kv/types.ts';

/** Of one write. */
export interface PooledSession extends SessionRef {
  /** Rises with each use of the pool. */
  readonly use: number;
}

export class SessionPool {
  /** In the order of their last use. */
  private free: PooledSession[] = [];
  private use = 0;

  /** For the next write of the session that was used last; null when none is free. */
  take(): PooledSession | null {
    const last = this.free.pop();
    return last === undefined ? null : { ...last, sequence: last.sequence + 1 };
  }

  /** For the first write of a session that was just opened. */
  opened(client: string): PooledSession {
    return { client, sequence: 1, use: ++this.use };
  }

  /** Its write has a definite outcome, or was never taken by any node. */
  giveBack({ client, sequence }: PooledSession): void {
    this.free.push({ client, sequence, use: ++this.use });
  }

  /** It has ended, and so have those that were idle for longer. */
  ended({ use }: PooledSession): void {
    this.free = this.free.filter((other) => other.use > use);
  }
}
