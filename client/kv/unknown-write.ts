/** A write whose outcome is unknown. However many errors tell of it, one attempt to resolve it goes on at a time. */
import { OutcomeUnknownError } from './errors.ts';
import type { ResolveOptions } from './errors.ts';
import type { Session } from './session-pool.ts';
import type { Form, Settled } from './write-run.ts';

export class UnknownWrite<A> {
  readonly form: Form<A>;
  readonly place: number;
  readonly name: Session;
  private readonly repeat: (
    unknown: UnknownWrite<A>,
    options: ResolveOptions,
  ) => Promise<Settled<A>>;
  /** The attempt that goes on, or the one that settled it. */
  private attempt: Promise<Settled<A>> | null = null;

  constructor(
    form: Form<A>,
    { place, name }: { readonly place: number; readonly name: Session },
    repeat: UnknownWrite<A>['repeat'],
  ) {
    this.form = form;
    this.place = place;
    this.name = name;
    this.repeat = repeat;
  }

  error(message: string, requestId: string | null, cause: unknown): OutcomeUnknownError<A> {
    return new OutcomeUnknownError({ message, requestId, cause }, (options) =>
      this.resolve(options),
    );
  }

  private async resolve(options: ResolveOptions): Promise<A> {
    this.attempt ??= this.repeat(this, options);
    const settled = await this.attempt;
    if (settled.ok) return settled.value;
    const { error } = settled;
    if (error instanceof OutcomeUnknownError && error.resolvable) this.attempt = null;
    throw error;
  }
}
