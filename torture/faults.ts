/** What strikes single nodes while the whole server lives; by its API, as a person would. */
import type { Random } from '../server/base/random.ts';

const NODES = ['n1', 'n2', 'n3'] as const;
const PAUSE_MS = 400;
/** Cluster time leaps with a leader's clock: what retention leaves must outlast it. */
const WRONG_CLOCK = { offsetMs: 30_000, drift: 200 } as const;
const BAD_LINK = { delayMs: 10, jitterMs: 20, loss: 0.2, duplicate: 0.2, reorder: 0.2 } as const;

const BLOWS = {
  kill: (node) => [['POST', `nodes/${node}/kill`]],
  killAndRevive: (node) => [
    ['POST', `nodes/${node}/kill`],
    ['POST', `nodes/${node}/revive`],
  ],
  isolate: (node) => [['POST', `nodes/${node}/isolate`]],
  pause: (node) => [['POST', `nodes/${node}/pause`, { forMs: PAUSE_MS }]],
  slowDisk: (node) => [['PUT', `nodes/${node}/disk`, { delayMs: 40 }]],
  fullDisk: (node) => [['PUT', `nodes/${node}/disk`, { full: true }]],
  wrongClock: (node) => [['PUT', `nodes/${node}/clock`, WRONG_CLOCK]],
  deaf: (node) => [['PUT', `links/${otherThan(node)}/${node}`, { cut: true }]],
  badLink: (node) => [['PUT', `links/${otherThan(node)}/${node}`, { ...BAD_LINK, both: true }]],
  compact: (node) => [['POST', `nodes/${node}/compact`]],
} satisfies Record<string, (node: string) => readonly Call[]>;

function otherThan(node: string): string {
  return NODES[(NODES.findIndex((id) => id === node) + 1) % NODES.length] ?? 'n1';
}

type Call = readonly [method: string, path: string, body?: unknown];
export type Blow = keyof typeof BLOWS;

/** Strikes one node; says what it did. What the server refuses is no blow. */
export async function strike(url: string, random: Random): Promise<Blow | null> {
  const blow = random.pick(Object.keys(BLOWS)) as Blow;
  const calls: readonly Call[] = BLOWS[blow](random.pick(NODES));
  const done = await Promise.all(calls.map((call) => send(url, call)));
  return done.every(Boolean) ? blow : null;
}

/** Ends every fault, and starts every node that is down. */
export async function mend(url: string): Promise<void> {
  await send(url, ['POST', 'heal']);
  await Promise.all(NODES.map((node) => send(url, ['POST', `nodes/${node}/revive`])));
}

/** Nothing older than that is to be kept; throws when the server does not take it. */
export async function forgetAfter(url: string, maxAgeMs: number): Promise<void> {
  if (!(await send(url, ['PUT', 'retention', { maxAgeMs, maxVersions: null }])))
    throw new Error('the server does not take the retention');
}

/** Whether it was done. A server that is killed meanwhile has not. */
async function send(url: string, [method, path, body]: Call): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/v1/${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
