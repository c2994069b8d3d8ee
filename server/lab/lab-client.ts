/**
 * A client of a run. It writes and reads as any client does, under a session of
 * its own, one request at a time, some in more of a hurry than others. Each value
 * that it sets is the only one of its kind, so that whoever reads it tells whose
 * write it saw. After a write of unknown outcome it goes on under a new session,
 * as a program would that was started again.
 *
 * One that holds on to a node reads through it alone, as a program does that keeps
 * its connection: it is the one to be lied to by a leader that was deposed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosOperation } from '../../contracts/chaos.ts';
import { assert } from '../base/assert.ts';
import type { Random } from '../base/random.ts';
import type { KvService, WriteOutcome } from '../cluster/kv-service.ts';
import type { ApplyResult, Value, WriteCommand } from '../kv/types.ts';
import type { History } from './history.ts';
import { FIELD, isCounter } from './keys.ts';

/** How long it waits for an answer. */
const PATIENCE_MS = [250, 2000] as const;
/** What it does with a register; the rest is setting. */
const READS = 0.45;
const SWAPS = 0.2;
/** And with a counter; the rest is increments. */
const COUNTER_READS = 0.5;

/** How long one that holds on to a node waits: it is to ask anew after others have written. */
const HOLDING_PATIENCE_MS = 250;

type Read = Extract<ChaosOperation, { op: 'read' }>;
type Write = Exclude<ChaosOperation, { op: 'read' }>;
type Applied = Extract<ApplyResult, { ok: true }>['outcome'];

export interface LabClientOptions {
  readonly name: string;
  readonly kv: KvService;
  readonly random: Random;
  readonly history: History;
  readonly keys: readonly string[];
  /** The node that it reads through, doing nothing else; null: whoever leads. */
  readonly node: string | null;
  /** Between two operations, on average. */
  readonly restMs: number;
}

export class LabClient {
  private readonly options: LabClientOptions;
  private session: { readonly client: string; sequence: number } | null = null;
  private writes = 0;
  /** What it saw last in each register. */
  private readonly seen = new Map<string, string>();

  constructor(options: LabClientOptions) {
    this.options = options;
  }

  /** Works until `signal` says so; resolves when nothing of it is under way. */
  async work(signal: AbortSignal): Promise<void> {
    const { random, restMs, history } = this.options;
    for (;;) {
      await rest((0.5 + random.nextFloat()) * restMs, signal);
      if (signal.aborted || history.isFull) return;
      await this.next();
    }
  }

  /** Reads a key, whatever its turn. */
  async read(key: string, patienceMs: number): Promise<void> {
    const { history, kv, name, node } = this.options;
    const operation = history.begin({
      op: 'read',
      client: name,
      key,
      outcome: 'failed',
      found: null,
    }) as Read;
    const query = { type: 'get', key, field: FIELD } as const;
    const outcome =
      node === null
        ? await kv.read(query, patienceMs)
        : await kv.readThrough(node, query, patienceMs);
    if (!outcome.ok || !outcome.result.ok) {
      history.end(operation, {});
      return;
    }
    const { answer } = outcome.result;
    assert(answer.type === 'get', 'a get is answered as a get');
    const found = answer.found === null ? null : textOf(answer.found.value);
    if (found !== null) this.seen.set(key, found);
    history.end(operation, { outcome: 'ok', found });
  }

  private next(): Promise<void> {
    const { random, keys, node } = this.options;
    const key = random.pick(keys);
    if (node !== null) return this.read(key, HOLDING_PATIENCE_MS);
    const patienceMs = random.nextInt(...PATIENCE_MS);
    const choice = random.nextFloat();
    if (isCounter(key)) {
      return choice < COUNTER_READS ? this.read(key, patienceMs) : this.increment(key, patienceMs);
    }
    const expected = this.seen.get(key);
    if (choice < READS) return this.read(key, patienceMs);
    return choice < READS + SWAPS && expected !== undefined
      ? this.swap(key, expected, patienceMs)
      : this.set(key, patienceMs);
  }

  private async set(key: string, patienceMs: number): Promise<void> {
    const { history, name: client } = this.options;
    const value = this.newValue();
    const operation = history.begin({
      op: 'set',
      client,
      key,
      value,
      outcome: 'unknown',
      existed: null,
    }) as Extract<Write, { op: 'set' }>;
    const done = await this.write(operation, { op: 'set', key, field: FIELD, value }, patienceMs);
    if (done === null) return;
    assert(done.op === 'set', 'a set is answered as a set');
    this.seen.set(key, value);
    history.end(operation, { outcome: 'ok', existed: done.existed });
  }

  private async swap(key: string, expected: string, patienceMs: number): Promise<void> {
    const { history, name: client } = this.options;
    const value = this.newValue();
    const operation = history.begin({
      op: 'compareAndSet',
      client,
      key,
      expected,
      value,
      outcome: 'unknown',
      swapped: null,
      found: null,
    }) as Extract<Write, { op: 'compareAndSet' }>;
    const done = await this.write(
      operation,
      {
        op: 'txn',
        conditions: [{ key, field: FIELD, is: 'value', value: expected }],
        success: [{ op: 'set', key, field: FIELD, value }],
        failure: [],
      },
      patienceMs,
    );
    if (done === null) return;
    assert(done.op === 'txn', 'a transaction is answered as a transaction');
    const { succeeded, failed } = done;
    const instead = failed?.found?.value ?? null;
    const found = instead === null ? null : textOf(instead);
    if (succeeded) this.seen.set(key, value);
    else if (found !== null) this.seen.set(key, found);
    history.end(operation, { outcome: 'ok', swapped: succeeded, found: succeeded ? null : found });
  }

  private async increment(key: string, patienceMs: number): Promise<void> {
    const { history, name: client } = this.options;
    const operation = history.begin({
      op: 'increment',
      client,
      key,
      outcome: 'unknown',
      result: null,
    }) as Extract<Write, { op: 'increment' }>;
    const command = { op: 'increment', key, field: FIELD, by: 1 } as const;
    const done = await this.write(operation, command, patienceMs);
    if (done === null) return;
    assert(done.op === 'increment', 'an increment is answered as an increment');
    history.end(operation, { outcome: 'ok', result: done.value });
  }

  /** What the store says that was done; null when there is no such word, which is noted here. */
  private async write(
    operation: Write,
    command: WriteCommand,
    patienceMs: number,
  ): Promise<Applied | null> {
    const { kv, history } = this.options;
    const untilMs = performance.now() + patienceMs;
    const session = (this.session ??= await this.openSession(patienceMs));
    if (session === null) {
      // It was not sent to anyone.
      history.end(operation, { outcome: 'failed' });
      return null;
    }
    const { client } = session;
    const outcome = await kv.write(
      { ...command, session: { client, sequence: ++session.sequence } },
      Math.max(1, untilMs - performance.now()),
    );
    if (outcome.ok && outcome.result.ok) return outcome.result.outcome;
    // Its number is used up, and what is open may not be numbered after.
    this.session = null;
    if (isUnknown(outcome)) history.giveUp(operation);
    else history.end(operation, { outcome: 'failed' });
    return null;
  }

  private async openSession(patienceMs: number): Promise<LabClient['session']> {
    const opened = await this.options.kv.openSession(patienceMs);
    if (!opened.ok || !opened.result.ok) return null;
    const { outcome } = opened.result;
    assert(outcome.op === 'session', 'the answer names a session');
    return { client: outcome.client, sequence: 0 };
  }

  private newValue(): string {
    return `${this.options.name}-${++this.writes}`;
  }
}

function isUnknown(outcome: WriteOutcome): boolean {
  return !outcome.ok && outcome.code === 'OUTCOME_UNKNOWN';
}

function textOf(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    // It is to stop, which the caller sees.
  }
}
