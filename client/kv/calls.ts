/** What every call has: its limits, the time it has left, and the loop of a read. */
import type { ApiRequest } from '../api-request.ts';
import type { ApiFailure } from '../api-failure.ts';
import { ClosedError, errorOf, wrongArgument } from './errors.ts';
import { backoffMs, mayRead } from './retry.ts';
import type { Random } from './retry.ts';
import { Scope, sleep } from './time.ts';
import type { Clock } from './time.ts';
import type { Transport } from './transport.ts';

export interface CallLimits {
  /** Longest wait for the answer, all attempts and the waits between them, ms; by default that of the client. */
  readonly timeoutMs?: number;
  /**
   * Ends the call: it rejects with the reason of the signal. A write that was sent
   * already rejects with an OutcomeUnknownError, whose cause is the reason.
   */
  readonly signal?: AbortSignal;
}

export interface CallContext {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  /** For a call that names none, ms. */
  readonly timeoutMs: number;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
}

/** The time of one call. Must be ended. */
export class Deadline {
  readonly signal: AbortSignal;
  private readonly scope: Scope;
  private readonly context: CallContext;
  private readonly caller: AbortSignal | undefined;
  private readonly atMs: number;

  constructor(context: CallContext, limits: CallLimits, ...others: readonly AbortSignal[]) {
    const { timeoutMs = context.timeoutMs, signal } = limits;
    if (!(timeoutMs > 0)) throw wrongArgument('timeoutMs', `${timeoutMs} is no time above 0`);
    this.context = context;
    this.caller = signal;
    this.scope = new Scope(signal, ...others);
    this.scope.abortAfter(context.clock, timeoutMs);
    this.signal = this.scope.signal;
    this.atMs = context.clock.now() + timeoutMs;
  }

  get remainingMs(): number {
    return Math.max(0, this.atMs - this.context.clock.now());
  }

  /** The caller does not want it any more. */
  get isCancelled(): boolean {
    return this.caller?.aborted === true;
  }

  /** The reason of the caller. */
  get reason(): unknown {
    return this.caller?.reason;
  }

  /** Its time is up, or it is not wanted any more: what was under way was cut, which says less than what failed before. */
  get isOver(): boolean {
    return this.signal.aborted;
  }

  /** Waits before the next attempt. False: there is no time for another. */
  async backOff(failed: number, retryAfterMs: number | undefined): Promise<boolean> {
    const { clock, random } = this.context;
    const waitMs = backoffMs(failed, retryAfterMs, random);
    if (waitMs >= this.remainingMs) return false;
    return sleep(clock, waitMs, this.signal);
  }

  end(): void {
    this.scope.end();
  }
}

/** Asks until there is an answer, a failure that stays one, or no time. */
export async function read<A>(
  context: CallContext,
  request: ApiRequest,
  limits: CallLimits,
  isLocal: boolean,
): Promise<A> {
  const { transport, closing } = context;
  const deadline = new Deadline(context, limits, closing);
  const check = (): void => {
    if (deadline.isCancelled) throw deadline.reason;
    if (closing.aborted) throw new ClosedError();
  };
  let last: { readonly failure: ApiFailure; readonly requestId: string } | null = null;
  try {
    for (let failed = 1; ; failed++) {
      check();
      const { remainingMs, signal } = deadline;
      const reply = await transport.attempt<A>(request, remainingMs, signal);
      if (reply.ok && isAnswer(reply.value)) return reply.value;
      check();
      const failure = reply.ok ? NOT_OURS : reply.failure;
      if (last === null || !deadline.isOver) last = { failure, requestId: reply.requestId };
      const goesOn =
        mayRead(failure, isLocal) && (await deadline.backOff(failed, failure.retryAfterMs));
      check();
      if (!goesOn) throw errorOf(last.failure, last.requestId);
    }
  } finally {
    deadline.end();
  }
}

function isAnswer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** Something between here and the server answered in its place. */
export const NOT_OURS: ApiFailure = {
  code: 'UNREACHABLE',
  message: 'the answer is none of this API',
  retryable: true,
};
