/**
 * The name of this page as a writer. A write that carries it can be sent again
 * when its outcome is unknown, and is applied once.
 */
import type { WriteSession } from '../../client/http-client.ts';

export class WriterName {
  private readonly clientId: string;
  private sequence = 0;

  constructor() {
    const random = crypto.getRandomValues(new Uint32Array(4));
    this.clientId = `page-${[...random].map((part) => part.toString(36)).join('')}`;
  }

  /** For the next write; one is under way at a time. */
  next(): WriteSession {
    return { clientId: this.clientId, sequence: ++this.sequence };
  }
}
