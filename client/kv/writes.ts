/**
 * Writes that are done once each, whatever happens to requests and answers. What
 * is under way at once is bounded by the pool of sessions; the rest waits in turn.
 */
import { Deadline } from './calls.ts';
import type { CallContext, CallLimits } from './calls.ts';
import { AbortedError, ClosedError, UnavailableError } from './errors.ts';
import type { ChronoraftError } from './errors.ts';
import type { Seat, Session, SessionPool } from './session-pool.ts';
import { UnknownWrite } from './unknown-write.ts';
import { WriteRun } from './write-run.ts';
import type { Form, Settled, Write } from './write-run.ts';

export class Writes {
  private readonly context: CallContext;
  private readonly pool: SessionPool;
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(context: CallContext, pool: SessionPool) {
    this.context = context;
    this.pool = pool;
  }

  /** Resolves when all that is under way is settled. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  /** `count` writes as one request, at most as many as the pool has places. Never rejects. */
  run<A>(form: Form<A>, count: number, limits: CallLimits): Promise<readonly Settled<A>[]> {
    return this.track(this.begin(form, count, limits));
  }

  private track<T>(run: Promise<T>): Promise<T> {
    const tracked = run.finally(() => this.underWay.delete(tracked));
    this.underWay.add(tracked);
    return tracked;
  }

  private async begin<A>(
    form: Form<A>,
    count: number,
    limits: CallLimits,
  ): Promise<readonly Settled<A>[]> {
    const all = (error: ChronoraftError): readonly Settled<A>[] =>
      Array.from({ length: count }, () => ({ ok: false, error }));
    if (this.context.closing.aborted) return all(new ClosedError());
    const deadline = new Deadline(this.context, limits);
    const seats = await this.pool.take(count, deadline.signal);
    if (seats === null) {
      deadline.end();
      return all(deadline.isCancelled ? new AbortedError(deadline.reason) : this.noPlace());
    }
    const writes = seats.map((seat, place) => writeOf<A>(place, seat, null));
    try {
      return await this.settle(form, writes, deadline, (place, name) => {
        return new UnknownWrite(form, { place, name }, (unknown, again) =>
          this.track(this.repeat(unknown, again)),
        );
      });
    } finally {
      for (const seat of seats) this.pool.leave(seat);
    }
  }

  private async repeat<A>(unknown: UnknownWrite<A>, limits: CallLimits): Promise<Settled<A>> {
    const { form, place, name } = unknown;
    if (this.context.closing.aborted) return { ok: false, error: new ClosedError() };
    const seat: Seat = { session: null };
    const write = { ...writeOf<A>(place, seat, name), mayHaveHappened: true };
    const deadline = new Deadline(this.context, limits);
    const [settled] = await this.settle(form, [write], deadline, () => unknown);
    if (seat.session !== null) this.pool.giveBack(seat.session);
    if (settled === undefined) throw new Error('each write is settled');
    return settled;
  }

  private async settle<A>(
    form: Form<A>,
    writes: readonly Write<A>[],
    deadline: Deadline,
    unknown: (place: number, name: Session) => UnknownWrite<A>,
  ): Promise<readonly Settled<A>[]> {
    const settled = await new WriteRun(this.context, form, writes, deadline, unknown).settle();
    deadline.end();
    return settled;
  }

  private noPlace(): UnavailableError {
    const { size } = this.pool;
    const message = `${size} writes of this client were under way until the deadline`;
    return new UnavailableError(
      { code: 'OVERLOADED', message, retryable: true, requestId: null },
      null,
    );
  }
}

function writeOf<A>(place: number, seat: Seat, name: Session | null): Write<A> {
  return {
    place,
    seat,
    name,
    mayHaveHappened: false,
    settled: null,
    failure: null,
    requestId: null,
  };
}
