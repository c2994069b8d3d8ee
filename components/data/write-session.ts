/**
 * The name of this page as a writer. A write that carries it can be sent again
 * when its outcome is unknown, and is applied once. The store gives the name when
 * the first write needs one, and a new one when it has forgotten the old.
 */
import type { ApiFailure, ApiResult } from '../../client/api-failure.ts';
import type { ChronoraftClient, WriteSession } from '../../client/http-client.ts';
import { outcomeOf, settles } from '../../client/write-outcome.ts';

export class WriterName {
  private readonly client: ChronoraftClient;
  private clientId: string | null = null;
  private sequence = 0;

  constructor(client: ChronoraftClient) {
    this.client = client;
  }

  /**
   * Gives a write its name: `send` is called with it. Called again, what this returns sends
   * the same write under the same name. One write of a page is under way at a time. Once its
   * outcome was unknown it stays so, until a store has judged it.
   */
  named<T>(send: (name: WriteSession) => Promise<ApiResult<T>>): () => Promise<ApiResult<T>> {
    let name: WriteSession | null = null;
    let mayBeDone = false;
    const attempt = async (mayRename: boolean): Promise<ApiResult<T>> => {
      const next: ApiResult<WriteSession> =
        name === null ? await this.next() : { ok: true, value: name };
      if (!next.ok) return next;
      name = next.value;
      const result = await send(name);
      if (result.ok) return result;
      const { failure } = result;
      const wasUnknown = mayBeDone;
      if (outcomeOf(failure) === 'unknown') mayBeDone = true;
      if (failure.code !== 'SESSION_EXPIRED')
        return wasUnknown && !settles(failure)
          ? { ok: false, failure: stillUnknown(failure) }
          : result;
      if (this.clientId === name.clientId) this.clientId = null;
      if (mayBeDone) return { ok: false, failure: FORGOTTEN };
      // Nothing was done under the old name, and nothing will be.
      name = null;
      return mayRename ? attempt(false) : result;
    };
    return () => attempt(true);
  }

  private async next(): Promise<ApiResult<WriteSession>> {
    if (this.clientId === null) {
      const opened = await this.client.openSession();
      if (!opened.ok) {
        const { failure } = opened;
        // That nobody knows of the session is no doubt about the write: it was not sent.
        return failure.code === 'OUTCOME_UNKNOWN' ? { ok: false, failure: NOT_SENT } : opened;
      }
      this.clientId = opened.value.clientId;
      this.sequence = 0;
    }
    return { ok: true, value: { clientId: this.clientId, sequence: ++this.sequence } };
  }
}

const NOT_SENT = {
  code: 'UNREACHABLE',
  message: 'no session could be opened in time; nothing was written',
  retryable: true,
} as const;

/** That a repeat was not taken says nothing of what was sent before it. */
function stillUnknown({ code, message, retryable }: ApiFailure): ApiFailure {
  return code === 'OUTCOME_UNKNOWN'
    ? { code, message, retryable }
    : { code: 'OUTCOME_UNKNOWN', message: `of the repeat: ${message}`, retryable };
}

/** Of a write whose outcome was unknown: now it cannot be told any more. */
const FORGOTTEN = {
  code: 'OUTCOME_UNKNOWN',
  message:
    'its session has ended, so whether it was done cannot be told any more; look at what is there',
  retryable: false,
} as const;
