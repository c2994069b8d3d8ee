/** What stories look for in the views that were heard, and how they say it. */
import type { ApiResult } from '../api-failure.ts';
import type { ChronoraftClient } from '../http-client.ts';
import { verdictOf } from '../verdict.ts';
import type { GetAnswer } from '../../contracts/kv.ts';
import type { ClusterView, EventKind, EventView, NodeView } from '../../contracts/view.ts';
import type { SetAnswer } from '../../contracts/write.ts';
import { LESSON_PREFIX, wordsOfRead, wordsOfWrite } from './calls.ts';
import type { Check, Scene } from './lesson.ts';

export function nodeOf({ nodes }: Pick<ClusterView, 'nodes'>, id: string): NodeView | undefined {
  return nodes.find((node) => node.id === id);
}

export function leaderOf(view: ClusterView): string | null {
  return verdictOf(view).leader;
}

/** Some other node than `old` leads a later term, with a quorum. */
export function isReplaced(view: ClusterView, old: string, term: number): boolean {
  const verdict = verdictOf(view);
  return verdict.leader !== null && verdict.leader !== old && verdict.term > term;
}

/** All are up and joined, follow one leader, and have applied what was written and what any had committed when the step began. */
export function haveCaughtUp({ view, begun, written }: Scene): boolean {
  const committed = Math.max(written, ...begun.nodes.map((node) => node.commitIndex));
  return verdictOf(view).state === 'healthy' && haveApplied(view, committed);
}

/** Whether every node says so; what one said before it came up again does not count. */
export function haveApplied(view: ClusterView, index: number): boolean {
  return view.nodes.every(
    ({ lastApplied, reportedAtMs, sinceMs }) => lastApplied >= index && reportedAtMs >= sinceMs,
  );
}

/** What was told since the step began, oldest first. */
export function eventsOf(
  { view, begun }: Scene,
  ...kinds: readonly EventKind[]
): readonly EventView[] {
  const last = begun.events.at(-1)?.seq ?? 0;
  return view.events.filter((event) => event.seq > last && kinds.includes(event.kind));
}

/** "Asked for votes …. Voted for …." in the cluster's own words; empty if nothing was told. */
export function inItsWords(events: readonly EventView[]): string {
  return events.map(({ text }) => `${text}.`).join(' ');
}

/** Of every term that was heard of, who said that it leads. */
export function leadersByTerm(
  heard: readonly ClusterView[],
): ReadonlyMap<number, ReadonlySet<string>> {
  const leaders = new Map<number, Set<string>>();
  for (const { nodes } of heard) {
    for (const { id, role, term, state } of nodes) {
      if (role !== 'leader' || state !== 'serving') continue;
      leaders.set(term, (leaders.get(term) ?? new Set()).add(id));
    }
  }
  return leaders;
}

/** Election safety (§5.2), in all that was heard. */
export function oneLeaderATerm({ heard }: Scene): Check {
  const leaders = [...leadersByTerm(heard)].sort(([a], [b]) => a - b);
  return {
    name: 'No term has two leaders',
    passed: leaders.every(([, ids]) => ids.size === 1),
    evidence: `${leaders.map(([term, ids]) => `term ${term}: ${[...ids].join(' and ')}`).join(', ')}, in ${heard.length} views`,
  };
}

/** State machine safety (§5.4.3): the hashes of what nodes have applied, where they have applied the same. */
export function sameStates({ view }: Scene): Check {
  const states = view.nodes.map((node) => `${node.stateHash} at ${node.stateHashAt}`);
  return {
    name: 'Every node has the same state',
    passed: new Set(states).size === 1,
    evidence: view.nodes
      .map((node) => `${node.id}: ${node.stateHash.slice(0, 8)} at revision ${node.stateHashAt}`)
      .join(', '),
  };
}

/** Waiting for this makes {@link sameStates} a fair question. */
export function areHashesOfOneRevision(view: ClusterView): boolean {
  return new Set(view.nodes.map((node) => node.stateHashAt)).size === 1;
}

const LOG_PAGE = 500;

/** Log matching (§5.3): what the nodes themselves say is in their logs, as far back as all reach. */
export async function sameLogs({ view }: Scene, client: ChronoraftClient): Promise<Check> {
  const name = 'Every node has the same entries at the same places';
  const last = Math.min(...view.nodes.map((node) => node.lastIndex));
  const first = Math.max(last - LOG_PAGE + 1, ...view.nodes.map((node) => node.firstIndex));
  const logs = await Promise.all(
    view.nodes.map(({ id }) => client.nodeLog(id, first, Math.max(1, last - first + 1))),
  );
  const texts: string[] = [];
  for (const log of logs) {
    if (!log.ok) return { name, passed: false, evidence: log.failure.message };
    texts.push(JSON.stringify(log.value.entries.filter(({ index }) => index <= last)));
  }
  return {
    name,
    passed: new Set(texts).size === 1,
    evidence: `entries ${first} to ${last} of ${view.nodes.map(({ id }) => id).join(', ')} compared, terms and commands`,
  };
}

/** Asks each of `nodes` for what it alone has applied. */
export async function sameLocally(
  client: ChronoraftClient,
  nodes: readonly string[],
  {
    lesson,
    field,
    value,
  }: { readonly lesson: string; readonly field: string; readonly value: string },
): Promise<Check> {
  const answers = await Promise.all(
    nodes.map((localNode) => client.get(`${LESSON_PREFIX}${lesson}`, field, { localNode })),
  );
  return {
    name: `${nodes.join(', ')} ${nodes.length === 1 ? 'has' : 'each have'} “${value}”`,
    passed: answers.every((answer) => answer.ok && answer.value.value === value),
    evidence: answers.map(answerInWords).join('; '),
  };
}

export function answerInWords(answer: ApiResult<GetAnswer> | null): string {
  if (answer === null) return 'no answer';
  return answer.ok
    ? wordsOfRead(answer.value)
    : `${answer.failure.code}: ${answer.failure.message}`;
}

/** A code says enough: what it means is beside the request. */
export function outcomeInWords(result: ApiResult<SetAnswer> | null): string {
  if (result === null) return 'no answer';
  return result.ok ? wordsOfWrite(result.value) : result.failure.code;
}

/** Server ms at which something was first true, in what was heard; null if never. */
export function firstAtMs(
  heard: readonly ClusterView[],
  isTrue: (view: ClusterView) => boolean,
): number | null {
  return heard.find(isTrue)?.atMs ?? null;
}
