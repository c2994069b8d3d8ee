/** `bench`: a closed loop against a server that runs. For serious figures there is `npm run bench`. */
import { randomUUID } from 'node:crypto';
import type { ApiResult } from '../../client/api-failure.ts';
import type { Call } from '../call.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { CliError } from '../failure.ts';
import { table } from '../text.ts';

const MOST_CLIENTS = 256;
const MOST_BYTES = 64 * 1024;
/** Keys of one loop: each is written many times, as in life. */
const KEYS = 100;

/** What came of the calls of one kind. */
interface Tally {
  /** Of those that were answered well, ms. */
  readonly tookMs: number[];
  readonly failures: Map<string, number>;
}

/** Figures of one kind of calls. Percentiles are null where nothing was answered. */
export interface Figures {
  readonly operations: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

const bench: Command = {
  name: 'bench',
  summary: 'Load a running server for a while, and tell writes, reads and how long they took',
  about: [
    'Each client asks, waits for the answer, and asks again: a closed loop. What fails is counted, never as fast. What it wrote is deleted at the end, and stays in history.',
  ],
  arguments: [],
  options: [
    { name: 'for', value: 'TIME', about: 'How long; 5s unless said' },
    {
      name: 'clients',
      value: 'N',
      about: `How many at once, up to ${MOST_CLIENTS}; 8 unless said`,
    },
    { name: 'reads', value: 'PERCENT', about: 'Share of reads among all; 50 unless said' },
    { name: 'bytes', value: 'N', about: 'Length of a value; 100 unless said' },
    { name: 'keep', about: 'Leave what was written' },
  ],
  examples: [
    { line: 'chronoraft bench --for 1s --clients 4', about: 'a second of writes and reads' },
  ],
  async run(call) {
    const forMs = call.span('for') ?? 5000;
    const clients = call.whole('clients', 1, MOST_CLIENTS) ?? 8;
    const reads = (call.whole('reads', 0, 100) ?? 50) / 100;
    const value = 'v'.repeat(call.whole('bytes', 1, MOST_BYTES) ?? 100);
    // That somebody is there is known before the loop begins.
    await call.ask(call.client.cluster());
    const key = `bench-${randomUUID()}`;
    const [writes, asked] = [tally(), tally()];
    const startedMs = performance.now();
    const isOver = (): boolean =>
      performance.now() - startedMs >= forMs || call.io.interrupted.aborted;
    let turn = 0;
    const client = async (): Promise<void> => {
      while (!isOver()) {
        const field = `f${turn++ % KEYS}`;
        // The same mix whatever the clients' speeds: no dice.
        const isRead = Math.floor(turn * reads) > Math.floor((turn - 1) * reads);
        await (isRead
          ? timed(asked, call.client.get(key, field), call)
          : timed(writes, call.client.set(key, field, { value }), call));
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    const ranMs = performance.now() - startedMs;
    await tell(call, ranMs, clients, figuresOf(writes, ranMs), figuresOf(asked, ranMs), [
      ...failureLines('writes', writes),
      ...failureLines('reads', asked),
    ]);
    if (call.io.interrupted.aborted) return EXIT.interrupted;
    if (!call.flag('keep')) await call.ask(call.client.deleteRecord(key));
    if (writes.tookMs.length + asked.tookMs.length > 0) return undefined;
    const todo = 'see `chronoraft status`';
    throw new CliError(EXIT.unreachable, 'NO_ANSWERS', 'nothing was answered well', todo);
  },
};

async function tell(
  call: Call,
  ranMs: number,
  clients: number,
  writes: Figures,
  reads: Figures,
  failures: readonly string[],
): Promise<void> {
  const rows = Object.entries({ writes, reads })
    .filter(([, { operations, failed }]) => operations + failed > 0)
    .map(([name, figures]) => [
      name,
      String(figures.operations),
      figures.perSecond.toFixed(0),
      ms(figures.p50Ms),
      ms(figures.p90Ms),
      ms(figures.p99Ms),
      ms(figures.maxMs),
      String(figures.failed),
    ]);
  await call.answer({ ranMs: Math.round(ranMs), clients, writes, reads }, [
    `${clients} clients, ${(ranMs / 1000).toFixed(1)} s`,
    ...table(['', 'done', 'per s', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms', 'failed'], rows),
    ...failures,
  ]);
}

function tally(): Tally {
  return { tookMs: [], failures: new Map() };
}

async function timed(
  { tookMs, failures }: Tally,
  request: Promise<ApiResult<unknown>>,
  { io }: Call,
): Promise<void> {
  const startedMs = performance.now();
  const result = await request;
  // What Ctrl-C broke off did not fail.
  if (!result.ok && io.interrupted.aborted) return;
  if (result.ok) tookMs.push(performance.now() - startedMs);
  else failures.set(result.failure.code, (failures.get(result.failure.code) ?? 0) + 1);
}

/** Percentiles by nearest rank. */
export function figuresOf({ tookMs, failures }: Tally, ranMs: number): Figures {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const rank = (share: number): number | null =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return {
    operations: sorted.length,
    failed: [...failures.values()].reduce((sum, count) => sum + count, 0),
    perSecond: ranMs > 0 ? (sorted.length * 1000) / ranMs : 0,
    p50Ms: rank(0.5),
    p90Ms: rank(0.9),
    p99Ms: rank(0.99),
    maxMs: rank(1),
  };
}

function failureLines(what: string, { failures }: Tally): readonly string[] {
  return [...failures].map(([code, count]) => `${count} ${what} ended with ${code}`);
}

function ms(value: number | null): string {
  return value === null ? '–' : value.toFixed(1);
}

export const BENCHES: readonly Command[] = [bench];
