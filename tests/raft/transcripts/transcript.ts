/**
 * A network of bare cores that writes down what happens on it, line by line,
 * for a person to check: inputs at the margin, what a node does about one
 * indented below it. docs/scenarios/transcripts.md says how to read it.
 *
 * Each row's transcript stands in golden/. To write them anew:
 * `UPDATE_GOLDEN=1 npx vitest run --project unit tests/raft/transcripts`, and
 * then read the difference; a test's own expectations hold all the same.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Message, MessageType } from '../../../server/raft/messages.ts';
import type {
  ConfChange,
  ConfState,
  Effect,
  Entry,
  NodeId,
  RaftEvent,
} from '../../../server/raft/types.ts';
import { Network } from '../network.ts';
import type { TestNode } from '../network.ts';

/** Lines of a transcript: a person reads it in one go. */
const LONGEST = 64;
/** A longer run of entries is told by its first and last. */
const ENTRIES_SHOWN = 4;

type Persist = Extract<Effect, { type: 'persist' }>;

export class TranscribedNetwork extends Network {
  private readonly lines: string[] = [];
  private muted = false;
  private elapsedMs = 0;
  private readonly leftOut = new Set<string>();
  /** Messages get numbers as they are first seen on paper. */
  private readonly numbers = new Map<Message, number>();
  /** Term and vote last stored, as told. */
  private readonly told = new Map<NodeId, string>();
  /** Writes that were announced and are not durable yet. */
  private readonly underWay = new Set<Persist>();

  // --- what the script says ----------------------------------------------------

  note(text: string): void {
    this.write(`# ${text}`);
  }

  /** What `act` does is left out of the transcript but for these words. */
  untold(text: string, act: () => void): void {
    this.write(`# ${text}`);
    this.mutely(act);
    this.elapsedMs = 0;
  }

  /** From here on nothing is told of these messages or nodes, nor of what they bring about elsewhere. */
  leaveOut(...what: readonly (MessageType | `n${number}`)[]): void {
    this.write(`# From here on without ${what.join(', ')}.`);
    for (const name of what) this.leftOut.add(name);
  }

  /** Lets time pass in which nothing arrives. */
  silence(ms: number): void {
    this.untold(`${ms} ms in which nothing arrives.`, () => {
      this.pass(ms);
      this.deliver(() => false);
    });
  }

  /** How each node stands. */
  state(...ids: NodeId[]): void {
    for (const id of ids.length > 0 ? ids : this.nodes.keys()) {
      const { raft, up } = this.node(id);
      const { role, term, leader, firstIndex, lastIndex, commitIndex } = raft;
      const follows = role === 'follower' ? ` of ${leader ?? 'nobody'}` : '';
      const log = firstIndex > 1 ? `log ${firstIndex}..${lastIndex}` : `log to ${lastIndex}`;
      this.write(
        up
          ? `= ${id} ${role}${follows}, term ${term}, ${log}, committed ${commitIndex}`
          : `= ${id} is down`,
      );
    }
  }

  /** By which configuration these nodes go. */
  confs(...ids: NodeId[]): void {
    for (const id of ids) this.write(`= ${id} goes by ${confText(this.node(id).raft.conf)}`);
  }

  /** What leader `id` knows of its followers. */
  progress(id: NodeId): void {
    for (const p of this.node(id).raft.status().progress) {
      const inflight = p.inflight > 0 ? `, ${p.inflight} unanswered` : '';
      this.write(
        `= ${id} sees ${p.peer}: ${p.state}, match ${p.matchIndex}, next ${p.nextIndex}${inflight}`,
      );
    }
  }

  /** Compares the transcript with its golden file, or writes that file. */
  expectGolden(claim: string, name: string): void {
    const text = [claim, '', ...this.lines, ''].join('\n');
    expect(this.lines.length, 'a transcript is short enough to read').toBeLessThanOrEqual(LONGEST);
    const file = path.join(import.meta.dirname, 'golden', `${name}.txt`);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
    expect(text).toBe(readFileSync(file, 'utf8'));
  }

  // --- inputs --------------------------------------------------------------------

  override campaign(id: NodeId): void {
    this.write(`${id} is told to campaign`);
    super.campaign(id);
  }

  override propose(id: NodeId, data: string): number {
    this.write(`${id} is given ${JSON.stringify(data)}`);
    return super.propose(id, data);
  }

  override change(id: NodeId, ...changes: ConfChange[]): number {
    const what = changes.map((change) => `${change.type} ${change.id}`).join(', ');
    this.write(`${id} is asked for ${what === '' ? 'no change' : what}`);
    return super.change(id, ...changes);
  }

  override transfer(id: NodeId, to: NodeId): void {
    this.write(`${id} is asked to hand over to ${to}`);
    super.transfer(id, to);
  }

  override compact(id: NodeId, tail = 0): void {
    this.write(`${id} saves its state, and may forget its log but for ${tail}`);
    super.compact(id, tail);
  }

  override read(id: NodeId): number {
    this.write(`${id} is asked for a read`);
    return super.read(id);
  }

  override crash(id: NodeId): void {
    this.write(`${id} crashes`);
    super.crash(id);
  }

  override restart(id: NodeId): void {
    this.write(`${id} restarts`);
    super.restart(id);
  }

  override cut(from: NodeId, to: NodeId): void {
    this.write(`nothing passes from ${from} to ${to}`);
    super.cut(from, to);
  }

  override isolate(id: NodeId): void {
    this.write(`nothing passes from or to ${id}`);
    this.mutely(() => super.isolate(id));
  }

  override heal(): void {
    this.write('everything passes');
    super.heal();
  }

  override pass(ms: number): void {
    this.elapsedMs += ms;
    super.pass(ms);
  }

  override deliver(keep: (message: Message) => boolean = () => true): number {
    return super.deliver((message) => {
      const kept = keep(message);
      if (!kept && !this.isLeftOut(message))
        this.write(`${message.to} does not get ${this.name(message)}`);
      return kept;
    });
  }

  override hand(message: Message): void {
    if (this.isLeftOut(message)) {
      this.mutely(() => super.hand(message));
      return;
    }
    const lost = !this.node(message.to).up || this.cuts.has(`${message.from}>${message.to}`);
    this.write(`${message.to} ${lost ? 'does not get' : 'gets'} ${this.name(message)}`);
    super.hand(message);
  }

  override flush(id: NodeId, count = Number.POSITIVE_INFINITY): void {
    const node = this.node(id);
    for (let i = 0; i < count; i++) {
      const [write] = node.pending;
      if (write === undefined) return;
      if (this.underWay.delete(write)) this.write(`${id} has write ${write.seq} on its disk`);
      else this.write(`  ${id} stores ${this.stored(node, write)}`);
      super.flush(id, 1);
    }
  }

  // --- what nodes do ---------------------------------------------------------------

  protected override effectsOf(node: TestNode): Effect[] {
    const effects = super.effectsOf(node);
    // Reasons first, then deeds; messages are told as they leave.
    for (const effect of effects) {
      const line = effect.type === 'trace' ? eventLine(effect.event) : resultLine(effect);
      if (line !== null) this.write(`  ${node.id} ${line}`);
    }
    for (const effect of effects) {
      if (effect.type === 'persist' && !node.autoFlush) {
        this.underWay.add(effect);
        this.write(`  ${node.id} begins write ${effect.seq}: ${this.stored(node, effect)}`);
      }
      if (effect.type === 'apply') {
        const [first, last] = [effect.entries[0], effect.entries.at(-1)];
        const range = first === last ? `${first?.index}` : `${first?.index}..${last?.index}`;
        this.write(`  ${node.id} applies ${range}`);
      }
    }
    return effects;
  }

  protected override post(message: Message): void {
    super.post(message);
    if (this.muted || this.isLeftOut(message)) return;
    this.write(
      `  ${message.from} sends ${this.number(message)} to ${message.to}: ${told(message)}`,
    );
  }

  // --- words -------------------------------------------------------------------------

  private write(line: string): void {
    if (this.muted) return;
    if (this.elapsedMs > 0) this.lines.push(`~ ${this.elapsedMs} ms`);
    this.elapsedMs = 0;
    this.lines.push(line);
  }

  private isLeftOut({ type, from, to }: Message): boolean {
    return [type, from, to].some((name) => this.leftOut.has(name));
  }

  private mutely(act: () => void): void {
    const was = this.muted;
    this.muted = true;
    act();
    this.muted = was;
  }

  private number(message: Message): string {
    const number = this.numbers.get(message) ?? this.numbers.size + 1;
    this.numbers.set(message, number);
    return `#${number}`;
  }

  /** In full if it was not told before. */
  private name(message: Message): string {
    if (this.muted) return '';
    if (this.numbers.has(message)) return this.number(message);
    return `${this.number(message)} from ${message.from}: ${told(message)}`;
  }

  private stored(node: TestNode, write: Persist): string {
    const parts: string[] = [];
    if (write.hardState !== null) {
      const { term, votedFor } = write.hardState;
      const ballot = `term ${term}, vote ${votedFor ?? 'free'}`;
      if (this.told.get(node.id) !== ballot) parts.push(ballot);
      this.told.set(node.id, ballot);
    }
    if (write.install !== null) parts.push(`snapshot to ${write.install.base.index}`);
    if (write.truncateFrom !== null) parts.push(`cut from ${write.truncateFrom}`);
    if (write.append.length > 0) parts.push(entriesText(write.append));
    if (write.base !== null) parts.push(`log begins after ${write.base.index}`);
    return parts.length === 0 ? 'nothing new' : parts.join(', ');
  }
}

/** `size` nodes, of which n1 has been elected in term 1 and has committed its no-op everywhere. */
export function ledByN1(
  size: number,
  options?: ConstructorParameters<typeof Network>[1],
): TranscribedNetwork {
  const net = new TranscribedNetwork(size, options);
  const ids = [...net.nodes.keys()].join(' ');
  net.untold(`Nodes ${ids}: n1 leads in term 1, entry 1 is committed everywhere.`, () =>
    net.campaign('n1'),
  );
  expect(net.node('n1').raft).toMatchObject({ role: 'leader', term: 1, commitIndex: 1 });
  return net;
}

/** A message but for its ends. Positions are index/term. */
function told(message: Message): string {
  const head = `${message.type} of term ${message.term}`;
  switch (message.type) {
    case 'PreVote':
      return `${head} for ${message.nextTerm}, log ends ${message.lastLogIndex}/${message.lastLogTerm}`;
    case 'RequestVote': {
      const wish = message.transfer ? ', the leader wishes it' : '';
      return `${head}, log ends ${message.lastLogIndex}/${message.lastLogTerm}${wish}`;
    }
    case 'PreVoteResponse':
    case 'RequestVoteResponse':
      return `${head}, ${message.granted ? 'granted' : 'refused'}`;
    case 'AppendEntries':
      return `${head} after ${message.prevLogIndex}/${message.prevLogTerm} ${entriesText(message.entries)}, commit ${message.leaderCommit}`;
    case 'AppendEntriesResponse':
      return message.success
        ? `${head}, matches to ${message.index}`
        : `${head}, refused at ${message.index}, may agree at ${message.conflictIndex}/${message.conflictTerm}`;
    case 'Heartbeat':
      return `${head}, commit ${message.leaderCommit}${roundText(message.readSeq)}`;
    case 'HeartbeatResponse':
      return `${head}${roundText(message.readSeq)}`;
    case 'InstallSnapshot': {
      const { after, upTo, rows, end } = message;
      if (end !== null) return `${head}, end at ${end.base.index}/${end.base.term}`;
      return rows === '' ? `${head}, how far?` : `${head}, rows ${after + 1}..${upTo}`;
    }
    case 'InstallSnapshotResponse':
      return message.matchIndex > 0
        ? `${head}, matches to ${message.matchIndex}`
        : `${head}, has rows to ${message.upTo}`;
    case 'TimeoutNow':
    case 'ReadIndex':
      return head;
    case 'ReadIndexResponse':
      return `${head}, ${message.index === null ? 'unconfirmed' : `apply to ${message.index}`}`;
  }
}

function roundText(readSeq: number): string {
  return readSeq > 0 ? `, read round ${readSeq}` : '';
}

function entriesText(entries: readonly Entry[]): string {
  const texts = entries.map(
    (entry) => `${entry.index}/${entry.term}${entry.kind === 'confChange' ? ' conf' : ''}`,
  );
  if (texts.length > ENTRIES_SHOWN) texts.splice(1, texts.length - 2, '..');
  return `[${texts.join(' ')}]`;
}

/** `(n1 n2)&&(n1)` is joint: the majority of either half must agree. */
function confText(conf: ConfState): string {
  const half = (ids: readonly NodeId[]): string => `(${ids.join(' ')})`;
  const joint = conf.votersOutgoing.length > 0 ? `&&${half(conf.votersOutgoing)}` : '';
  const learners = conf.learners.length > 0 ? ` learners ${half(conf.learners)}` : '';
  return `${half(conf.voters)}${joint}${learners}`;
}

/** Null for what another line tells already. */
function eventLine(event: RaftEvent): string | null {
  switch (event.type) {
    case 'role':
      return `is ${event.role} in term ${event.term}: ${event.reason}`;
    case 'voteRefused':
      return `refuses ${event.candidate} its ${event.preVote ? 'pre-vote' : 'vote'}: ${event.reason}`;
    case 'commit':
      return `commits to ${event.index}`;
    case 'truncated':
      return `takes back ${event.from}..${event.to}`;
    case 'conf':
      return `goes by ${confText(event.conf)}, entry ${event.index}`;
    case 'transfer':
      return `hand-over to ${event.to}: ${event.phase}`;
    case 'compacted':
      return `forgets its log to ${event.upTo}`;
    case 'snapshotSent':
      return `knows that ${event.to} needs no snapshot any more, it has ${event.index}`;
    case 'snapshotInstalled':
      return `installs the snapshot to ${event.index}`;
    case 'quorumLost':
      return `hears from ${event.heardFrom}, which is no quorum`;
    case 'halted':
      return `halts: ${event.reason}`;
    case 'term':
    case 'voteCast':
    case 'electionTimeout':
    case 'appended':
      return null;
  }
}

function resultLine(effect: Effect): string | null {
  switch (effect.type) {
    case 'proposalAppended':
      return `takes it as ${effect.index}/${effect.term}`;
    case 'proposalDropped':
      return `refuses it: ${effect.reason}${effect.detail === undefined ? '' : `, ${effect.detail}`}`;
    case 'readReady':
      return `may answer the read at ${effect.index}`;
    case 'readFailed':
      return `fails the read: ${effect.reason}`;
    case 'leadershipLost':
      return `led term ${effect.term} and leads no more`;
    case 'readSnapshot':
    case 'stageSnapshot':
    case 'persist':
    case 'send':
    case 'apply':
    case 'trace':
      return null;
  }
}
