/** Nodes, links and members: node …, member …, snapshot. */
import { changeLink, HEAL, pause, resume, setLink } from '../../client/fault-requests.ts';
import { forecastKill, verdictOf } from '../../client/verdict.ts';
import type { MemberAnswer } from '../../contracts/control.ts';
import { FAULT_LIMITS } from '../../contracts/faults.ts';
import type { ClusterView } from '../../contracts/view.ts';
import type { Call } from '../call.ts';
import type { Argument, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { CliError } from '../failure.ts';

const NODE_NAMES = ['leader', 'n1', 'n2', 'n3'];
const NODE: Argument = {
  name: 'NODE',
  need: 'one',
  about: 'Its name, or leader for who leads now',
  offers: NODE_NAMES,
};

/** The node that is meant; `leader` is who leads with a quorum behind it. */
async function nodeOf(call: Call, name: string): Promise<string> {
  if (name !== 'leader') return name;
  const { leader } = verdictOf(await call.ask(call.client.cluster()));
  if (leader !== null) return leader;
  throw new CliError(EXIT.unreachable, 'NO_LEADER', 'nobody leads', 'name the node itself');
}

const kill: Command = {
  name: 'node kill',
  summary: 'End a node at once, as a power cut would',
  about: ['What it had on disk survives. It says what that leaves, and does it.'],
  arguments: [NODE],
  options: [],
  examples: [{ line: 'chronoraft node kill n3', about: 'two of three are left: writes go on' }],
  async run(call) {
    const view = await call.ask(call.client.cluster());
    const node = await nodeOf(call, call.argument('NODE'));
    const isKnown = view.nodes.some(({ id }) => id === node);
    const forecast = isKnown ? `. ${forecastKill(view, node)}` : '';
    const answer = await call.ask(call.client.act(node, 'kill'));
    await call.answer(answer, [`${node} is down after ${Math.round(answer.tookMs)} ms${forecast}`]);
    return undefined;
  },
};

const revive: Command = {
  name: 'node revive',
  summary: 'Start a node that is down, from its own disk',
  arguments: [NODE],
  options: [],
  examples: [{ line: 'chronoraft node revive n3', about: 'it catches up by itself' }],
  async run(call) {
    const node = call.argument('NODE');
    const answer = await call.ask(call.client.act(node, 'revive'));
    await call.answer(answer, [`${node} serves after ${Math.round(answer.tookMs)} ms`]);
    return undefined;
  },
};

const pauseNode: Command = {
  name: 'node pause',
  summary: 'Let a node stand still for a while; it does not notice',
  arguments: [NODE],
  options: [{ name: 'for', value: 'TIME', about: 'How long, up to 10m; 5s unless said' }],
  examples: [{ line: 'chronoraft node pause n2 --for 200ms', about: 'too short for an election' }],
  async run(call) {
    const forMs = call.span('for') ?? 5000;
    if (forMs > FAULT_LIMITS.pauseMs) call.refuse('--for is at most 10m');
    const node = await nodeOf(call, call.argument('NODE'));
    const answer = await call.ask(call.client.fault(pause(node, { forMs })));
    await call.answer(answer, [`${node} stands still for ${forMs} ms`]);
    return undefined;
  },
};

const resumeNode: Command = {
  name: 'node resume',
  summary: 'Let a paused node go on',
  arguments: [NODE],
  options: [],
  examples: [
    { line: 'chronoraft node pause n2 --for 60s', about: 'a long pause' },
    { line: 'chronoraft node resume n2', about: 'and its end' },
  ],
  async run(call) {
    const node = call.argument('NODE');
    const answer = await call.ask(call.client.fault(resume(node)));
    await call.answer(answer, [`${node} goes on`]);
    return undefined;
  },
};

const cut: Command = {
  name: 'node cut',
  summary: 'Cut a node off, or the link between two nodes',
  about: ['Nothing is told to anyone: the nodes find out by their own time-outs.'],
  arguments: [
    NODE,
    { name: 'OTHER', need: 'optional', about: 'Only the link to it', offers: NODE_NAMES },
  ],
  options: [{ name: 'one-way', about: 'Only what NODE says to OTHER is lost' }],
  examples: [
    { line: 'chronoraft node cut n1 n2', about: 'the link between two' },
    { line: 'chronoraft node cut n3', about: 'all links of one' },
  ],
  async run(call) {
    const node = await nodeOf(call, call.argument('NODE'));
    const other = call.optional('OTHER');
    if (other === undefined) {
      if (call.flag('one-way')) call.refuse('--one-way needs OTHER');
      const answer = await call.ask(call.client.act(node, 'isolate'));
      await call.answer(answer, [`${node} hears nobody, and nobody hears it`]);
      return undefined;
    }
    const to = await nodeOf(call, other);
    const both = !call.flag('one-way');
    const answer = await call.ask(call.client.fault(changeLink(node, to, { cut: true, both })));
    await call.answer(answer, [
      both ? `${node} and ${to} do not hear each other` : `${to} does not hear ${node}`,
    ]);
    return undefined;
  },
};

const heal: Command = {
  name: 'node heal',
  summary: 'Mend everything, the links of a node, or the link between two',
  arguments: [
    { ...NODE, need: 'optional' },
    { name: 'OTHER', need: 'optional', about: 'Only the link to it', offers: NODE_NAMES },
  ],
  options: [],
  examples: [
    { line: 'chronoraft node heal n3', about: 'the links of one' },
    { line: 'chronoraft node heal', about: 'every fault there is; who is down stays down' },
  ],
  async run(call) {
    const [name, other] = [call.optional('NODE'), call.optional('OTHER')];
    if (name === undefined) {
      const answer = await call.ask(call.client.fault(HEAL));
      await call.answer(answer ?? {}, ['every fault is mended']);
      return undefined;
    }
    const node = await nodeOf(call, name);
    if (other === undefined) {
      const answer = await call.ask(call.client.act(node, 'reconnect'));
      await call.answer(answer, [`the links of ${node} are whole`]);
      return undefined;
    }
    const to = await nodeOf(call, other);
    const answer = await call.ask(call.client.fault(setLink(node, to, { both: true })));
    await call.answer(answer, [`the link between ${node} and ${to} is whole`]);
    return undefined;
  },
};

const list: Command = {
  name: 'member list',
  summary: 'Who belongs to the cluster, and who has a vote',
  arguments: [],
  options: [],
  examples: [{ line: 'chronoraft member list', about: 'all nodes' }],
  async run(call) {
    const view = await call.ask(call.client.cluster());
    const { members, voters, votersOutgoing, learners, quorum } = view;
    const document = { members, voters, votersOutgoing, learners, quorum };
    await call.answer(document, [
      ...members.map((id) => `${id}\t${kindOf(view, id)}`),
      `a quorum is ${quorum} of ${voters.length}`,
    ]);
    return undefined;
  },
};

function kindOf(
  { voters, votersOutgoing, learners }: Pick<ClusterView, 'voters' | 'votersOutgoing' | 'learners'>,
  id: string,
): string {
  if (voters.includes(id)) return 'voter';
  if (votersOutgoing.includes(id)) return 'voter, on its way out';
  return learners.includes(id) ? 'learner' : 'no member';
}

function membersLine({ node, voters, learners, tookMs }: MemberAnswer, what: string): string {
  const others = learners.length === 0 ? '' : `, learners ${learners.join(', ')}`;
  return `${node} ${what} after ${Math.round(tookMs)} ms; voters ${voters.join(', ')}${others}`;
}

const add: Command = {
  name: 'member add',
  summary: 'Make a new node, and let it join once it has caught up',
  arguments: [],
  options: [{ name: 'learner', about: 'It gets everything, and has no vote' }],
  examples: [{ line: 'chronoraft member add', about: 'a fourth node, n4' }],
  async run(call) {
    const answer = await call.ask(
      call.client.addMember(call.flag('learner') ? 'learner' : 'voter'),
    );
    await call.answer(answer, [membersLine(answer, 'is a member')]);
    return undefined;
  },
};

const promote: Command = {
  name: 'member promote',
  summary: 'Give a learner a vote',
  arguments: [NODE],
  options: [],
  examples: [
    { line: 'chronoraft member add --learner', about: 'a learner, n5' },
    { line: 'chronoraft member promote n5', about: 'and its vote' },
  ],
  async run(call) {
    const answer = await call.ask(call.client.promoteMember(call.argument('NODE')));
    await call.answer(answer, [membersLine(answer, 'has a vote')]);
    return undefined;
  },
};

const remove: Command = {
  name: 'member remove',
  summary: 'Take a node out of the cluster',
  arguments: [NODE],
  options: [],
  examples: [
    { line: 'chronoraft member remove n5', about: 'one' },
    { line: 'chronoraft member remove n4', about: 'and another' },
  ],
  async run(call) {
    const node = await nodeOf(call, call.argument('NODE'));
    const answer = await call.ask(call.client.removeMember(node));
    await call.answer(answer, [membersLine(answer, 'is out')]);
    return undefined;
  },
};

const transfer: Command = {
  name: 'member transfer',
  summary: 'Hand the lead over to a node',
  about: ['Without NODE it goes to the follower that has most of the log.'],
  arguments: [{ ...NODE, need: 'optional', about: 'Who is to lead' }],
  options: [],
  examples: [{ line: 'chronoraft member transfer', about: 'somebody else leads' }],
  async run(call) {
    const node = call.optional('NODE') ?? heirOf(await call.ask(call.client.cluster()));
    const answer = await call.ask(call.client.act(node, 'lead'));
    await call.answer(answer, [`${node} leads after ${Math.round(answer.tookMs)} ms`]);
    return undefined;
  },
};

function heirOf(view: ClusterView): string {
  const { leader } = verdictOf(view);
  const [heir] = view.nodes
    .filter(({ id, state }) => id !== leader && state === 'serving' && view.voters.includes(id))
    .sort((a, b) => b.lastIndex - a.lastIndex);
  if (leader !== null && heir !== undefined) return heir.id;
  const why = leader === null ? 'nobody leads' : 'no other voter is up';
  throw new CliError(EXIT.unreachable, 'NO_LEADER', why, 'see `chronoraft status`');
}

const snapshot: Command = {
  name: 'snapshot',
  summary: 'Save the state and let go of the log before it',
  arguments: [
    { name: 'NODE', need: 'any', about: 'Of these nodes; of all that are up unless said' },
  ],
  options: [],
  examples: [{ line: 'chronoraft snapshot', about: 'on every node' }],
  async run(call) {
    const view = await call.ask(call.client.cluster());
    const named = call.all('NODE');
    const up = view.nodes.filter(({ state }) => state === 'serving').map(({ id }) => id);
    const answers = [];
    for (const node of named.length > 0 ? named : up)
      answers.push(await call.ask(call.client.act(node, 'compact')));
    await call.answer(
      answers,
      answers.map(({ node, tookMs }) => `${node} has a short log after ${Math.round(tookMs)} ms`),
    );
    return undefined;
  },
};

export const NODES: readonly Command[] = [kill, revive, pauseNode, resumeNode, cut, heal];
export const MEMBERS: readonly Command[] = [list, add, promote, remove, transfer];
export const SNAPSHOTS: readonly Command[] = [snapshot];
