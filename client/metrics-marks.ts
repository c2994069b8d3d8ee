/** What happened behind the figures, as marks on every chart: told from the seconds themselves, so none is missed or misplaced. */
import { leaderChanges } from './chart-rows.ts';
import type { LeaderChange } from './chart-rows.ts';
import type { MetricsDetail } from '../contracts/metrics.ts';

/** A time during which something was not as it should be. */
export interface Span {
  readonly kind: 'down' | 'links' | 'leaderless';
  /** The node that was down; null for what concerns all. */
  readonly node: string | null;
  readonly fromMs: number;
  /** End of the last second of it. */
  readonly toMs: number;
}

export interface Marks {
  readonly changes: readonly LeaderChange[];
  readonly spans: readonly Span[];
}

const SECOND_MS = 1000;
/** Points are a second apart; beyond this, ms, some are missing, and nothing is known. */
const GAP_MS = 1700;

export function marksOf(seconds: readonly MetricsDetail[], nodes: readonly string[]): Marks {
  return {
    changes: leaderChanges(seconds),
    spans: [
      ...nodes.flatMap((node) =>
        spansOf(seconds, 'down', node, (second) => second.lag[node] === null),
      ),
      ...spansOf(seconds, 'links', null, (second) => second.faultyLinks > 0),
      ...spansOf(seconds, 'leaderless', null, (second) => second.leader === null),
    ],
  };
}

function spansOf(
  seconds: readonly MetricsDetail[],
  kind: Span['kind'],
  node: string | null,
  isSo: (second: MetricsDetail) => boolean,
): readonly Span[] {
  const spans: Span[] = [];
  let open: { fromMs: number; toMs: number } | null = null;
  for (const second of seconds) {
    const { atMs } = second;
    const goesOn: boolean = open !== null && isSo(second) && atMs - open.toMs <= GAP_MS - SECOND_MS;
    if (open !== null && goesOn) open.toMs = atMs + SECOND_MS;
    if (open !== null && !goesOn) spans.push({ kind, node, ...open });
    if (!goesOn) open = isSo(second) ? { fromMs: atMs, toMs: atMs + SECOND_MS } : null;
  }
  if (open !== null) spans.push({ kind, node, ...open });
  return spans;
}

/** What the marks say, newest first, for those who read rather than look. */
export function markWords({ changes, spans }: Marks): readonly {
  readonly atMs: number;
  readonly text: string;
}[] {
  return [
    ...changes.map(({ atMs, leader }) => ({ atMs, text: `${leader} leads` })),
    ...spans.map(({ kind, node, fromMs, toMs }) => ({
      atMs: fromMs,
      text: `${SPAN_WORDS[kind](node)} for ${Math.round((toMs - fromMs) / SECOND_MS)} s`,
    })),
  ].sort((a, b) => b.atMs - a.atMs);
}

const SPAN_WORDS: Readonly<Record<Span['kind'], (node: string | null) => string>> = {
  down: (node) => `${node} down`,
  links: () => 'links cut, slow or lossy',
  leaderless: () => 'no leader',
};

/** Seconds of one server from two sources, in order, each once; those of `live` count. */
export function joinSeconds(
  fetched: readonly MetricsDetail[],
  live: readonly MetricsDetail[],
): readonly MetricsDetail[] {
  const byTime = new Map([...fetched, ...live].map((second) => [second.atMs, second]));
  return [...byTime.values()].sort((a, b) => a.atMs - b.atMs);
}
