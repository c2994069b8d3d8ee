/**
 * A program that uses the store as programs do, by the client library, in a process of its
 * own: some workers that write and read, and a watch that must miss nothing. What it cannot
 * know it says so; half of its unknown writes it settles later under their own names.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  connect,
  OutcomeUnknownError,
  RevisionNotYetError,
  UnavailableError,
} from '../client/kv/index.ts';
import type { IncrementAnswer, KvClient, SetAnswer } from '../client/kv/index.ts';
import { must } from '../server/base/assert.ts';
import { Random } from '../server/base/random.ts';
import { isCounter } from '../server/lab/keys.ts';
import { END_KEY, epochOf, FIELD, keysOf, nowMs, PREFIX } from './events.ts';
import type { ClientPlan, FromClient, Told, ToClient } from './events.ts';
import { OpenEpochs } from './open-epochs.ts';

/** How long a worker waits for an answer. */
const PATIENCE_MS = [200, 1500] as const;
/** How long for the truth of what is unknown. */
const SETTLE_MS = 60_000;
const READS = 0.4;
/** Reads of the past. */
const LOOKS = 0.1;
const REST_MS = 8;

function tell(message: FromClient): void {
  process.send?.(message);
}

class Load {
  private readonly client: KvClient;
  private readonly plan: ClientPlan;
  private readonly resting = new AbortController();
  private readonly settling = new Set<Promise<void>>();
  private readonly epochs = new OpenEpochs();
  /** What this program was told last, of each worker: a place in the past that it knows to be there. */
  private readonly known = new Map<string, Place>();
  private values = 0;
  private readonly workers: Promise<unknown>;

  constructor(plan: ClientPlan) {
    this.plan = plan;
    this.client = connect({ url: plan.url });
    const random = Random.fromSeed(plan.seed);
    this.workers = Promise.all(
      Array.from({ length: plan.workers }, (_, i) => this.work(`${plan.name}.${i}`, random.fork())),
    );
  }

  async rest(): Promise<void> {
    this.resting.abort();
    await this.workers;
    await Promise.all(this.settling);
    this.tellClosed(Infinity);
  }

  /** What an operation on a key opens is closed when it is over. */
  private async within(key: string, operation: Promise<void>): Promise<void> {
    this.epochs.open(epochOf(key));
    await operation;
    this.epochs.close(epochOf(key));
    this.tellClosed(this.epoch);
  }

  private tellClosed(before: number): void {
    const epoch = this.epochs.closedBefore(before);
    if (epoch !== null) tell({ type: 'closed', epoch });
  }

  private get epoch(): number {
    return Math.floor(nowMs() / this.plan.epochMs);
  }

  private async work(name: string, random: Random): Promise<void> {
    while (!this.resting.signal.aborted) {
      const { epoch } = this;
      const key = random.pick(keysOf(epoch));
      const timeoutMs = random.nextInt(...PATIENCE_MS);
      const place = this.known.get(name);
      if (random.chance(READS)) await this.within(key, this.read(name, key, timeoutMs));
      else if (place !== undefined && epochOf(place.key) === epoch && random.chance(LOOKS))
        await this.within(place.key, this.look(name, place, timeoutMs));
      else await this.within(key, this.write(name, key, timeoutMs, random.chance(0.5)));
      await delay(random.nextFloat() * REST_MS);
    }
  }

  private async read(client: string, key: string, timeoutMs: number): Promise<void> {
    const callMs = nowMs();
    const asked = { op: 'read', client, key, callMs } as const;
    try {
      const answer = await this.client.get(key, FIELD, { timeoutMs });
      const found = answer.found ? String(answer.value) : null;
      const revision = answer.asOf;
      this.known.set(client, { key, revision });
      tell({
        type: 'told',
        told: { ...asked, returnedMs: nowMs(), outcome: 'ok', found, revision },
      });
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      // It tells nothing.
    }
  }

  /** What had stood at a place that it was told of before. */
  private async look(client: string, { key, revision }: Place, timeoutMs: number): Promise<void> {
    try {
      const answer = await this.client.get(key, FIELD, { asOf: revision, timeoutMs });
      const found = answer.found ? String(answer.value) : null;
      tell({ type: 'looked', looked: { client, key, revision, found } });
    } catch (error) {
      if (error instanceof RevisionNotYetError)
        tell({ type: 'lost', lost: { client, key, revision } });
      else if (!(error instanceof UnavailableError)) throw error;
    }
  }

  private async write(
    client: string,
    key: string,
    timeoutMs: number,
    settles: boolean,
  ): Promise<void> {
    const asked: Asked = { client, key, callMs: nowMs(), value: null };
    if (!isCounter(key)) asked.value = `${client}-${this.values++}`;
    try {
      tellAnswered(asked, await this.send(asked, timeoutMs));
    } catch (error) {
      if (error instanceof UnavailableError) tellUnanswered(asked, 'failed');
      else if (!(error instanceof OutcomeUnknownError)) throw error;
      else if (settles && error.resolvable) this.settle(asked, error);
      else tellUnanswered(asked, 'unknown');
    }
  }

  private send({ key, value }: Asked, timeoutMs: number): Promise<SetAnswer | IncrementAnswer> {
    return value === null
      ? this.client.increment(key, FIELD, 1, { timeoutMs })
      : this.client.set(key, FIELD, value, { timeoutMs });
  }

  /** Its worker goes on meanwhile. */
  private settle(asked: Asked, error: OutcomeUnknownError): void {
    const told = error.resolve({ timeoutMs: SETTLE_MS }).then(
      (answer) => tellAnswered(asked, answer as SetAnswer | IncrementAnswer),
      (failure: unknown) => {
        if (!(failure instanceof OutcomeUnknownError)) throw failure;
        tellUnanswered(asked, 'unknown');
      },
    );
    const settled = this.within(asked.key, told);
    this.settling.add(settled);
    void settled.finally(() => this.settling.delete(settled));
  }

  /** Resolves when it was told of the end. */
  async watch(begin: number): Promise<void> {
    for await (const { revision, changes } of this.client.watch({ prefix: PREFIX, after: begin })) {
      const seen = changes.map(({ key, value }) => ({
        revision,
        key,
        value: value === null ? null : String(value),
      }));
      if (seen.some(({ key }) => key === END_KEY)) return;
      tell({ type: 'seen', seen });
    }
  }
}

interface Place {
  readonly key: string;
  readonly revision: number;
}

/** A write: of a register with its value, of a counter without. */
interface Asked {
  readonly client: string;
  readonly key: string;
  readonly callMs: number;
  value: string | null;
}

function tellAnswered(asked: Asked, answer: SetAnswer | IncrementAnswer): void {
  const { client, key, callMs, value } = asked;
  const common = { client, key, callMs, returnedMs: nowMs(), outcome: 'ok' } as const;
  const told: Told =
    value === null
      ? {
          ...common,
          op: 'increment',
          result: (answer as IncrementAnswer).value,
          revision: answer.revision ?? null,
        }
      : {
          ...common,
          op: 'set',
          value,
          existed: (answer as SetAnswer).existed,
          revision: answer.revision ?? null,
        };
  tell({ type: 'told', told });
}

function tellUnanswered(asked: Asked, outcome: 'failed' | 'unknown'): void {
  const { client, key, callMs, value } = asked;
  const returnedMs = outcome === 'failed' ? nowMs() : null;
  const common = { client, key, callMs, returnedMs, outcome, revision: null };
  const told: Told =
    value === null
      ? { ...common, op: 'increment', result: null }
      : { ...common, op: 'set', value, existed: null };
  tell({ type: 'told', told });
}

let load: Load | null = null;

/** Whatever is not foreseen here is a finding. */
process.on('uncaughtException', (error) => {
  process.send?.({ type: 'broken', error: String(error) } satisfies FromClient, () =>
    process.exit(1),
  );
});

process.on('message', (message: ToClient) => {
  switch (message.type) {
    case 'begin':
      load = new Load(message.plan);
      void load
        .watch(message.plan.watchAfter)
        .then(() => process.send?.({ type: 'done' } satisfies FromClient, () => process.exit(0)));
      return;
    case 'rest':
      void must(load, 'it has begun')
        .rest()
        .then(() => tell({ type: 'resting' }));
      return;
  }
});
process.once('disconnect', () => process.exit(1));
