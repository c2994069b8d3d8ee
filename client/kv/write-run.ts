/**
 * Some writes on their way, each under its name: a session and a number. They are
 * sent again, in one request, until each is settled or time is up; then of each is
 * said what is known: the store's answer, nothing was done, or unknown.
 */
import type { ApiRequest } from '../api-request.ts';
import type { ApiFailure, ApiResult } from '../api-failure.ts';
import { NOT_OURS } from './calls.ts';
import type { CallContext, Deadline } from './calls.ts';
import { AbortedError, errorOf, OutcomeUnknownError } from './errors.ts';
import type { ChronoraftError } from './errors.ts';
import { attemptOf } from './retry.ts';
import type { Seat, Session } from './session-pool.ts';
import type { UnknownWrite } from './unknown-write.ts';

/** How some writes become one request, and its answer an answer to each. */
export interface Form<A> {
  /** Of the writes at these places, each under its name. */
  request(names: readonly Named[]): ApiRequest;
  /** One for each name, or what cannot be understood. */
  answers(answer: unknown, names: readonly Named[]): readonly ApiResult<A>[];
}

export interface Named {
  /** Which of the writes it is. */
  readonly place: number;
  readonly name: Session;
}

export type Settled<A> =
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly error: ChronoraftError };

export interface Write<A> {
  readonly place: number;
  /** Its session comes back here when the write is settled, and not while it is unknown. */
  readonly seat: Seat;
  /** Null until there is a session for it. */
  name: Session | null;
  /** Some node may have it. */
  mayHaveHappened: boolean;
  settled: Settled<A> | null;
  /** Of the last attempt. */
  failure: ApiFailure | null;
  requestId: string | null;
}

const OPEN_SESSION: ApiRequest = { method: 'POST', path: '/api/v1/sessions' };

export class WriteRun<A> {
  private readonly context: CallContext;
  private readonly form: Form<A>;
  private readonly writes: readonly Write<A>[];
  private readonly deadline: Deadline;
  /** What one is that stays unknown. */
  private readonly unknown: (place: number, name: Session) => UnknownWrite<A>;

  constructor(
    context: CallContext,
    form: Form<A>,
    writes: readonly Write<A>[],
    deadline: Deadline,
    unknown: (place: number, name: Session) => UnknownWrite<A>,
  ) {
    this.context = context;
    this.form = form;
    this.writes = writes;
    this.deadline = deadline;
    this.unknown = unknown;
  }

  async settle(): Promise<readonly Settled<A>[]> {
    const { signal } = this.deadline;
    for (let failed = 1; ; failed++) {
      await Promise.all(this.open.map((write) => this.giveName(write)));
      if (!signal.aborted) await this.attempt();
      const { open } = this;
      if (open.length === 0 || signal.aborted) break;
      const asked = open.map(({ failure }) => failure?.retryAfterMs ?? 0);
      if (!(await this.deadline.backOff(failed, Math.max(...asked)))) break;
    }
    return this.writes.map((write) => write.settled ?? this.giveUp(write));
  }

  private get open(): readonly Write<A>[] {
    return this.writes.filter(({ settled }) => settled === null);
  }

  /** With a session of its own, for one that has none. An opening of which nobody heard is no harm: that session ends by itself. */
  private async giveName(write: Write<A>): Promise<void> {
    const { seat } = write;
    const { remainingMs, signal } = this.deadline;
    if (write.name !== null || signal.aborted) return;
    if (seat.session === null) {
      const { transport } = this.context;
      const reply = await transport.attempt<unknown>(OPEN_SESSION, remainingMs, signal);
      const clientId = reply.ok ? clientIdOf(reply.value) : null;
      if (clientId === null) {
        const failure = reply.ok ? NOT_OURS : reply.failure;
        const attempt = attemptOf(failure);
        // Whatever became of the opening, of the write nothing is unknown.
        const known = attempt === 'not-done' ? failure : { ...failure, ...NO_SESSION };
        if (attempt === 'refused') this.refuse(write, failure);
        else this.note(write, known, reply.requestId);
        return;
      }
      seat.session = { clientId, sequence: 0 };
    }
    const { clientId, sequence } = seat.session;
    write.name = { clientId, sequence: sequence + 1 };
  }

  private async attempt(): Promise<void> {
    const { remainingMs, signal } = this.deadline;
    const sent: (Named & { readonly write: Write<A> })[] = [];
    for (const write of this.open) {
      const { place, name, seat } = write;
      if (name === null) continue;
      seat.session = name;
      sent.push({ place, name, write });
    }
    if (sent.length === 0) return;
    const { transport } = this.context;
    const reply = await transport.attempt<unknown>(this.form.request(sent), remainingMs, signal);
    const answers = reply.ok ? this.form.answers(reply.value, sent) : null;
    for (const [i, { write }] of sent.entries()) {
      const answer = reply.ok ? answers?.[i] : reply;
      if (answer?.ok === true) write.settled = { ok: true, value: answer.value as A };
      else this.onFailure(write, answer?.failure ?? NOT_OURS, reply.requestId);
    }
  }

  /** An attempt that was cut says less than the one before. */
  private note(write: Write<A>, failure: ApiFailure, requestId: string): void {
    if (write.failure !== null && this.deadline.isOver) return;
    write.failure = failure;
    write.requestId = requestId;
  }

  private onFailure(write: Write<A>, failure: ApiFailure, requestId: string): void {
    this.note(write, failure, requestId);
    // Whatever the reason of a signal looks like: what was sent was sent.
    const isCut = this.deadline.isOver && failure.code === 'UNREACHABLE';
    switch (isCut ? 'unknown' : attemptOf(failure)) {
      case 'judged':
        this.refuse(write, failure);
        return;
      case 'not-done':
        return;
      case 'unknown':
        write.mayHaveHappened = true;
        return;
      case 'refused':
        // No store judged it: it says nothing of the attempts before.
        if (write.mayHaveHappened) write.settled = this.giveUp(write);
        else this.refuse(write, failure);
        return;
      case 'session-ended':
        write.seat.session = null;
        if (write.mayHaveHappened) write.settled = this.lose(write, failure);
        else write.name = null;
    }
  }

  private refuse(write: Write<A>, failure: ApiFailure): void {
    write.settled = { ok: false, error: errorOf(failure, write.requestId) };
  }

  /** No more attempts: what is known of it. */
  private giveUp(write: Write<A>): Settled<A> {
    const { name, failure, requestId, place } = write;
    const { isCancelled, reason } = this.deadline;
    if (name !== null && write.mayHaveHappened) {
      write.seat.session = null;
      const unknown = this.unknown(place, name);
      const cause = isCancelled
        ? reason
        : failure === null
          ? undefined
          : errorOf(failure, requestId);
      return { ok: false, error: unknown.error(UNKNOWN, requestId, cause) };
    }
    if (isCancelled) return { ok: false, error: new AbortedError(reason) };
    return { ok: false, error: errorOf(failure ?? NEVER_ASKED, requestId) };
  }

  /** Nobody can tell any more what became of the attempts before. */
  private lose({ requestId }: Write<A>, failure: ApiFailure): Settled<A> {
    const cause = errorOf(failure, requestId);
    return {
      ok: false,
      error: new OutcomeUnknownError({ message: FORGOTTEN, requestId, cause }, null),
    };
  }
}

function clientIdOf(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null || !('clientId' in answer)) return null;
  return typeof answer.clientId === 'string' ? answer.clientId : null;
}

const UNKNOWN =
  'nobody said in time what became of the write: it may or may not be committed, now or later; resolve() asks';
const FORGOTTEN =
  'the session of the write has ended: it may have been done before, which nobody can tell any more; only a read can show it';

const NO_SESSION = {
  code: 'UNREACHABLE',
  message: 'no session was opened in time; nothing was written',
  retryable: true,
} as const;

const NEVER_ASKED: ApiFailure = {
  code: 'UNREACHABLE',
  message: 'there was no time to ask',
  retryable: true,
};
