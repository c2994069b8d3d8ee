/**
 * Sessions that the server makes for writes whose client named none, so that
 * such a write, too, can be proposed again after a leader's death and still be
 * applied once. A session carries one write at a time; it goes back to the pool
 * with the next sequence, or is thrown away when a write's fate stays unknown.
 */
import type { SessionRef } from '../kv/types.ts';

/** Client ids that begin with this are the server's own. */
export const SERVER_SESSION_PREFIX = '~';

export class SessionPool {
  private readonly boot: string;
  private readonly free: { readonly client: string; sequence: number }[] = [];
  private made = 0;

  /** `boot` differs for every start of the server: sessions of an earlier one are never used again. */
  constructor(boot: string) {
    this.boot = boot;
  }

  take(): SessionRef {
    const session = this.free.pop() ?? this.make();
    session.sequence++;
    return { client: session.client, sequence: session.sequence };
  }

  /** The write of this session has a definite outcome. */
  giveBack(session: SessionRef): void {
    this.free.push({ ...session });
  }

  private make(): { readonly client: string; sequence: number } {
    this.made++;
    return { client: `${SERVER_SESSION_PREFIX}${this.boot}-${this.made}`, sequence: 0 };
  }
}
