/** A line and a clock for the client library that a test drives: requests are answered as it says, and time passes only while all wait for it. */
import { setImmediate } from 'node:timers/promises';
import type { ErrorCode, Problem } from '../../../contracts/errors.ts';
import type { Clock } from '../../../client/kv/time.ts';

export interface Asked {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal | null;
}

/** What becomes of a request. `hang`: no answer ever; `lost`: the line breaks. */
export type Answer = Response | 'hang' | 'lost' | Error;

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

export class Played implements Clock {
  readonly asked: Asked[] = [];
  private readonly answer: (asked: Asked, n: number) => Answer | Promise<Answer>;
  private nowMs = 0;
  private readonly timers = new Set<Timer>();

  /** `n` counts the requests from 0. */
  constructor(answer: (asked: Asked, n: number) => Answer | Promise<Answer>) {
    this.answer = answer;
  }

  now(): number {
    return this.nowMs;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  get timerCount(): number {
    return this.timers.size;
  }

  /** When each request was sent, ms. */
  get times(): readonly number[] {
    return this.asked.map(({ atMs }) => atMs);
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const asked: Asked = {
      atMs: this.nowMs,
      method: init?.method ?? 'GET',
      path: `${url.host === 'one' ? '' : `//${url.host}`}${url.pathname}${url.search}`,
      headers: new Headers(init?.headers),
      body:
        typeof init?.body === 'string'
          ? (JSON.parse(init.body) as Readonly<Record<string, unknown>>)
          : {},
      signal: init?.signal ?? null,
    };
    this.asked.push(asked);
    const answer = await this.answer(asked, this.asked.length - 1);
    if (answer === 'hang') return aborted(asked.signal);
    if (answer === 'lost') throw new TypeError('fetch failed');
    if (answer instanceof Error) throw answer;
    return answer;
  };

  /** Lets time pass until the promise is settled; each time nothing else can happen, up to the next timer. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    for (;;) {
      await setImmediate();
      if (isSettled) return promise;
      this.pass();
    }
  }

  /** To the next timer. */
  private pass(): void {
    const [next] = [...this.timers].sort((a, b) => a.atMs - b.atMs);
    if (next === undefined) throw new Error('nothing is under way, and nothing is waited for');
    this.timers.delete(next);
    this.nowMs = next.atMs;
    next.run();
  }
}

function aborted(signal: AbortSignal | null): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void => reject(signal?.reason as Error);
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort);
  });
}

/** Read in the same turn, so that no time passes meanwhile. */
export function json(
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const response = new Response('{}', { status, headers });
  return Object.assign(response, { json: () => Promise.resolve(body) });
}

export function problem(
  code: ErrorCode,
  { status = 503, retryable = true, ...details }: Partial<Problem> = {},
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body: Problem = {
    type: `urn:chronoraft:error:${code}`,
    title: code,
    status,
    code,
    message: `it is ${code}`,
    retryable,
    ...details,
  };
  return json(body, status, headers);
}

export const COMMITTED = {
  outcome: 'committed',
  revision: 7,
  timestamp: 1,
  stamp: 1000,
  term: 2,
  leader: 'n1',
};

/** Opens sessions "s0", "s1" and so on; other requests are `answer`'s, which counts them from 0. */
export function withSessions(
  answer: (asked: Asked, n: number) => Answer | Promise<Answer>,
): (asked: Asked) => Answer | Promise<Answer> {
  let sessions = 0;
  let others = 0;
  return (asked) =>
    asked.path === '/api/v1/sessions'
      ? json({ ...COMMITTED, clientId: `s${sessions++}`, idleMs: 3_600_000 }, 201)
      : answer(asked, others++);
}
