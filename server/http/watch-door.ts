/** How watches are opened, whichever line they are for: scopes are checked, and refusals are problems of the API. */
import { randomUUID } from 'node:crypto';
import type { ErrorCode, Problem } from '../../contracts/errors.ts';
import type { WatchRequest } from '../../contracts/watch.ts';
import type { Logger } from '../logger.ts';
import type { Opened, Watch, WatchHub } from '../watch/hub.ts';
import type { WatchEnd, WatchSink } from '../watch/watcher.ts';
import { HttpError } from './errors.ts';
import { checkScope } from './input.ts';
import { watchEnded, watchRefused } from './kv-problems.ts';

/** A socket's watch waits for a leader this long, ms. */
const TIMEOUT_MS = 15_000;

type Attach = (watch: Watch) => WatchSink;

/** For lines other than HTTP's own: nothing is thrown. */
export class WatchDoor {
  private readonly hub: WatchHub;
  private readonly logger: Logger;

  constructor(hub: WatchHub, logger: Logger) {
    this.hub = hub;
    this.logger = logger;
  }

  async open(
    { key, field, prefix, after }: WatchRequest,
    attach: Attach,
  ): Promise<Extract<Opened, { ok: true }> | { readonly ok: false; readonly problem: Problem }> {
    const scope = { key, field, prefix };
    try {
      checkScope(scope, 'watch');
      const opened = await this.hub.open({ scope, after: after ?? null }, attach, TIMEOUT_MS);
      if (opened.ok) return opened;
      return { ok: false, problem: problemOf(watchRefused(opened)) };
    } catch (error) {
      if (error instanceof HttpError) return { ok: false, problem: problemOf(error) };
      const problem = problemOf(new HttpError('INTERNAL', "the server's log has more"));
      this.logger.error({ err: error, requestId: problem.requestId }, 'a watch failed');
      return { ok: false, problem };
    }
  }

  refuse(code: ErrorCode, message: string, path?: string): Problem {
    return problemOf(new HttpError(code, message, path === undefined ? {} : { path }));
  }

  problemOf(end: WatchEnd): Problem {
    return problemOf(watchEnded(end));
  }
}

function problemOf(error: HttpError): Problem {
  return error.problem(randomUUID());
}
