/** What happened, in the words of the feed: who, what, and the term or index that proves it. */
import type { Violation } from '../../contracts/invariants.ts';
import type { EventView, LinkView } from '../../contracts/view.ts';
import { isSameRule } from '../node/control.ts';
import type { LinkRule } from '../node/control.ts';
import type { ConfState, RaftEvent, Role } from '../raft/types.ts';
import type { NodeState } from './node-handle.ts';

export type EventDraft = Pick<EventView, 'kind' | 'text'> &
  Partial<Pick<EventView, 'node' | 'term' | 'index'>>;

/**
 * Tells what nodes do, leaving out what was told already: a node without a
 * quorum asks again every few hundred milliseconds, and one line says it.
 */
export class Narrator {
  private readonly roles = new Map<string, Role>();
  /** Last thing told of each node that may repeat itself. */
  private readonly told = new Map<string, string>();
  /** The newest configuration told of. */
  private confIndex = 0;

  /** Null for what is too small to tell, or was just told. */
  describe(node: string, event: RaftEvent): EventDraft | null {
    const before = this.roles.get(node) ?? 'follower';
    if (event.type === 'role') this.roles.set(node, event.role);
    const draft =
      event.type === 'role' ? describeRole(node, event, before) : describeEvent(node, event);
    if (draft === null) return null;
    if (event.type === 'conf') {
      // Every node tells of it, at its own time and again after a restart: the first word is enough.
      if (event.index <= this.confIndex) return null;
      this.confIndex = event.index;
    }
    const gist = repeatable(event);
    const key = `${node} ${event.type}`;
    if (gist !== null && this.told.get(key) === gist) return null;
    if (gist !== null) this.told.set(key, gist);
    return draft;
  }

  /** The node is gone; its next life begins as a follower. */
  forget(node: string): void {
    this.roles.delete(node);
    for (const key of this.told.keys()) if (key.startsWith(`${node} `)) this.told.delete(key);
  }
}

/** What makes a repetition of an event no news; null for events that always are. */
function repeatable(event: RaftEvent): string | null {
  switch (event.type) {
    case 'electionTimeout':
      return String(event.term);
    case 'voteRefused':
      return `${event.term} ${event.candidate} ${event.preVote} ${event.reason}`;
    default:
      return null;
  }
}

function describeEvent(
  node: string,
  event: Exclude<RaftEvent, { type: 'role' }>,
): EventDraft | null {
  switch (event.type) {
    case 'electionTimeout':
      return {
        kind: 'election-timeout',
        node,
        term: event.term,
        text: `${node} heard no leader for ${Math.round(event.silentMs)} ms and asks whether it could win term ${event.term + 1}`,
      };
    case 'voteCast':
      return {
        kind: 'vote-cast',
        node,
        term: event.term,
        text: `${node} votes for ${event.candidate} in term ${event.term}`,
      };
    case 'voteRefused':
      return {
        kind: 'vote-refused',
        node,
        term: event.term,
        text: `${node} refuses ${event.candidate} ${event.preVote ? 'a pre-vote' : 'its vote'}: ${event.reason}`,
      };
    case 'truncated':
      return {
        kind: 'log-truncated',
        node,
        index: event.from,
        text: `${node} drops its uncommitted entries ${range(event.from, event.to)}: the leader has others there`,
      };
    case 'compacted':
      return {
        kind: 'log-compacted',
        node,
        index: event.upTo,
        text: `${node} forgets its log up to ${event.upTo}: its database has all of it`,
      };
    case 'conf':
      return {
        kind: 'members-changed',
        node,
        index: event.index,
        text: `The members change to ${describeConf(event.conf)}`,
      };
    case 'transfer':
      return { kind: 'transfer', node, text: describeTransfer(node, event) };
    case 'snapshotSent':
      return {
        kind: 'snapshot-sent',
        node,
        index: event.index,
        text: `${node} has brought ${event.to} up to ${event.index} by a snapshot`,
      };
    case 'snapshotInstalled':
      return {
        kind: 'snapshot-installed',
        node,
        index: event.index,
        text: `${node} takes over the state at ${event.index} from ${event.from}`,
      };
    case 'quorumLost':
      return {
        kind: 'quorum-lost',
        node,
        term: event.term,
        text: `${node} hears from ${event.heardFrom - 1} others, which is no quorum, and stops leading term ${event.term}`,
      };
    // The supervisor tells of it, with the same reason.
    case 'halted':
    case 'term':
    case 'appended':
    case 'commit':
      return null;
  }
}

function describeConf({ voters, votersOutgoing, learners }: ConfState): string {
  const joint = votersOutgoing.length > 0 ? ` together with ${votersOutgoing.join(', ')}` : '';
  const learning = learners.length > 0 ? `; learning: ${learners.join(', ')}` : '';
  return `the voters ${voters.join(', ')}${joint}${learning}`;
}

function describeTransfer(
  node: string,
  { to, phase }: Extract<RaftEvent, { type: 'transfer' }>,
): string {
  switch (phase) {
    case 'began':
      return `${node} will hand over to ${to} and takes no proposals meanwhile`;
    case 'asked':
      return `${node} asks ${to}, which has all of its log, to take over`;
    case 'gaveUp':
      return `${node} goes on leading: ${to} did not take over`;
  }
}

function describeRole(
  node: string,
  event: Extract<RaftEvent, { type: 'role' }>,
  before: Role,
): EventDraft | null {
  const { role, term, reason } = event;
  switch (role) {
    case 'leader':
      return {
        kind: 'leader-elected',
        node,
        term,
        text: `${node} is leader of term ${term} with ${reason}`,
      };
    case 'candidate':
      return { kind: 'candidate', node, term, text: `${node} asks for votes in term ${term}` };
    case 'preCandidate':
      return null;
    case 'follower':
      if (before !== 'leader') return null;
      return {
        kind: 'stepped-down',
        node,
        term,
        text: `${node} no longer leads and follows in term ${term}: ${reason}`,
      };
  }
}

export function describeState(
  node: string,
  state: NodeState,
  reason: string | null,
  term: number,
): EventDraft {
  switch (state) {
    case 'starting':
      return { kind: 'node-starting', node, text: `${node} starts and reads its own database` };
    case 'serving':
      return { kind: 'node-serving', node, text: `${node} is up` };
    case 'down':
      return {
        kind: 'node-killed',
        node,
        ...(term > 0 && { term }),
        text:
          reason === 'killed'
            ? `${node} was killed in the middle of term ${term}`
            : `${node} was ${reason ?? 'stopped'}`,
      };
    case 'failed':
      return {
        kind: 'node-failed',
        node,
        text: `${node} has failed: ${reason ?? 'no reason known'}`,
      };
  }
}

export function describeViolation({
  text,
  node,
  term,
  index,
}: Omit<Violation, 'eventSeq'>): EventDraft {
  return {
    kind: 'invariant-broken',
    node,
    term,
    index,
    text: `Safety violated: ${text}. This is a bug`,
  };
}

/** Null when nothing changed. */
export function describeLink(before: LinkView, rule: LinkRule): EventDraft | null {
  const { from, to } = before;
  if (!before.cut && rule.cut) {
    return { kind: 'link-cut', node: from, text: `The link from ${from} to ${to} is cut` };
  }
  if (before.cut && !rule.cut) {
    return {
      kind: 'link-healed',
      node: from,
      text: `The link from ${from} to ${to} is whole again`,
    };
  }
  if (isSameRule(before, rule)) return null;
  return {
    kind: 'link-changed',
    node: from,
    text: `The link from ${from} to ${to}: delay ${rule.delayMs} to ${rule.delayMs + rule.jitterMs} ms, loss ${percent(rule.loss)}, doubled ${percent(rule.duplicate)}, swapped ${percent(rule.reorder)}`,
  };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function range(from: number, to: number): string {
  return from === to ? String(from) : `${from} to ${to}`;
}
