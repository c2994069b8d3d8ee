/**
 * The tests of the resilience suite that no story tells already, each short and without a moral:
 * see `tests/e2e/resilience.spec.ts`, which does the same by clicks.
 */
import { verdictOf } from '../verdict.ts';
import type { ClusterView, NodeView } from '../../contracts/view.ts';
import type { SetAnswer } from '../../contracts/write.ts';
import type { ApiResult } from '../api-failure.ts';
import type { GetAnswer } from '../../contracts/kv.ts';
import { burst, kill, LESSON_PREFIX, read, revive, write } from './calls.ts';
import type { BurstResult } from './calls.ts';
import { allThere } from './crash.ts';
import {
  answerInWords,
  areHashesOfOneRevision,
  eventsOf,
  haveApplied,
  haveCaughtUp,
  isReplaced,
  leaderOf,
  nodeOf,
  oneLeaderATerm,
  sameLocally,
  sameLogs,
  sameStates,
} from './evidence.ts';
import type { Check, Lesson, Scene, Step } from './lesson.ts';
import { must } from './must.ts';

export const normalOperation: Lesson = {
  id: 'normal-operation',
  title: 'Normal operation',
  teaches: 'One leader; what is written is read back, and has a history.',
  aboutSeconds: 1,
  tell: ({ leader, others, mark }) => {
    const values = [`first ${mark}`, `second ${mark}`] as const;
    let last: SetAnswer | null = null;
    let found: ApiResult<GetAnswer> | null = null;
    return [
      {
        title: 'Write twice and read',
        before: 'Two values are written to one field, and the field is read.',
        action: {
          label: 'Write and read',
          calls: () => [
            write({ lesson: 'normal', field: 'value', value: values[0] }),
            write({ lesson: 'normal', field: 'value', value: values[1] }, (result) => {
              if (result.ok) last = result.value;
            }),
            read({ lesson: 'normal', field: 'value' }, (result) => {
              found = result;
            }),
          ],
        },
        until: () => last !== null && found !== null,
        missed: 'A write was not acknowledged.',
        after: () => `Read: ${answerInWords(found)}.`,
        focus: () => [leader, 'Data'],
        checks: async (scene, client) => {
          const history = await client.history(`${LESSON_PREFIX}normal`, 'value', {
            order: 'desc',
            limit: 2,
          });
          const told = history.ok ? history.value.versions.map((version) => version.value) : [];
          return [
            {
              name: 'One leads, two follow',
              passed:
                verdictOf(scene.view).leader === leader &&
                others.every((id) => nodeOf(scene.view, id)?.role === 'follower'),
              evidence: scene.view.nodes.map(({ id, role }) => `${id}: ${role}`).join(', '),
            },
            {
              name: 'The last write is read',
              passed: found?.ok === true && found.value.version?.revision === last?.revision,
              evidence: answerInWords(found),
            },
            {
              name: 'The history has both',
              passed: told[0] === values[1] && told[1] === values[0],
              evidence: told.map(String).join(', then '),
            },
          ];
        },
      },
    ];
  },
};

export const followerCrash: Lesson = {
  id: 'follower-crash',
  title: 'A follower crashes',
  teaches: 'The leader stays, writes go on, and the follower catches up when it returns.',
  aboutSeconds: 2,
  tell: ({ leader, others, term }) => {
    const lost = others[0];
    let result: BurstResult | null = null;
    return [
      {
        title: 'Without it',
        before: `${lost} is killed, and ten values are written.`,
        action: {
          label: `Kill ${lost} and write`,
          calls: () => [kill(lost), tenWrites('follower', (each) => (result = each))],
        },
        until: ({ view }) => result !== null && verdictOf(view).tolerates === 0,
        missed: 'The cluster does not say that it can lose no more.',
        after: ({ view }) => `${verdictOf(view).sentence}.`,
        focus: () => [lost, leader],
        checks: async ({ view }, client) => [
          {
            name: 'The leader and its term stayed',
            passed: leaderOf(view) === leader && verdictOf(view).term === term,
            evidence: `${leaderOf(view) ?? 'nobody'} leads term ${verdictOf(view).term}`,
          },
          await allThere(client, 'follower', must(result, 'the writes are over')),
        ],
      },
      returns(lost, async (_scene, client) => [
        await sameLocally(client, [lost], { lesson: 'follower', field: 'c1-4', value: 'c1-4' }),
      ]),
    ];
  },
};

export const commitAdvances: Lesson = {
  id: 'commit-advances',
  title: 'The commit index advances',
  teaches: 'With every write the commit index rises, on every node.',
  aboutSeconds: 1,
  tell: () => {
    let result: BurstResult | null = null;
    let before: ReadonlyMap<string, number> = new Map();
    const written = (): number =>
      Math.max(0, ...(result?.acknowledged ?? []).map((each) => each.revision));
    return [
      {
        title: 'Ten writes',
        before: 'Ten values are written; then every node must know them to be committed.',
        action: {
          label: 'Write',
          calls: (view) => {
            before = new Map(view.nodes.map((node) => [node.id, node.commitIndex]));
            return [tenWrites('commit', (each) => (result = each))];
          },
        },
        until: ({ view }) =>
          result !== null && view.nodes.every((node) => node.commitIndex >= written()),
        missed: 'A node did not hear that the writes are committed.',
        after: () => `The last write is at ${written()}.`,
        focus: () => ['Replicated log'],
        checks: ({ view }) => [
          {
            name: 'Each commit index rose by ten or more',
            passed: view.nodes.every((node) => node.commitIndex >= (before.get(node.id) ?? 0) + 10),
            evidence: view.nodes
              .map(({ id, commitIndex }) => `${id}: ${before.get(id) ?? '?'} to ${commitIndex}`)
              .join(', '),
          },
        ],
      },
    ];
  },
};

export const logsMatch: Lesson = {
  id: 'logs-match',
  title: 'Logs match',
  teaches: 'Every node holds the same entries at the same places, through a crash of the leader.',
  aboutSeconds: 3,
  tell: ({ leader, term }) => [
    {
      title: 'Writes on both sides of a crash',
      before: `Ten values, then ${leader} is killed, then ten more.`,
      action: {
        label: `Write, kill ${leader}, write`,
        calls: () => [tenWrites('logs', () => {}), kill(leader), tenWrites('logs', () => {})],
      },
      until: ({ view }) => isReplaced(view, leader, term),
      missed: 'Nobody replaced the leader.',
      after: ({ view }) => `${leaderOf(view) ?? '?'} leads.`,
      focus: () => ['Replicated log'],
    },
    returns(leader, async (scene, client) => [await sameLogs(scene, client)]),
  ],
};

export const statesEqual: Lesson = {
  id: 'states-equal',
  title: 'States are equal',
  teaches: 'Nodes that have applied the same entries have the same state, hash for hash.',
  aboutSeconds: 1,
  tell: ({ leader, others }) => {
    let result: BurstResult | null = null;
    const written = (): number =>
      Math.max(0, ...(result?.acknowledged ?? []).map((each) => each.revision));
    return [
      {
        title: 'Write and compare',
        before: 'Ten values are written; then the hashes of all three states are compared.',
        action: { label: 'Write', calls: () => [tenWrites('states', (each) => (result = each))] },
        until: ({ view }) =>
          result !== null && haveApplied(view, written()) && areHashesOfOneRevision(view),
        missed: 'The nodes were not heard of at one revision.',
        after: ({ view }) => `All are at revision ${view.nodes[0]?.stateHashAt ?? '?'}.`,
        focus: () => [leader, ...others],
        checks: async (scene, client) => [
          sameStates(scene),
          await sameLocally(client, [leader, ...others], {
            lesson: 'states',
            field: 'c1-4',
            value: 'c1-4',
          }),
        ],
      },
    ];
  },
};

export const termsRise: Lesson = {
  id: 'terms-rise',
  title: 'Terms never go back',
  teaches: 'A node’s term only rises, through two crashes of leaders.',
  aboutSeconds: 4,
  tell: ({ leader, term }) => {
    let second = '';
    let secondTerm = 0;
    return [
      {
        title: 'The first crash',
        before: `${leader}, which leads term ${term}, is killed.`,
        action: { label: `Kill ${leader}`, calls: () => [kill(leader)] },
        until: ({ view }) => isReplaced(view, leader, term),
        missed: 'Nobody replaced the leader.',
        after: ({ view }) => {
          const verdict = verdictOf(view);
          second = verdict.leader ?? '';
          secondTerm = verdict.term;
          return `${second} leads term ${secondTerm}.`;
        },
        focus: () => [leader],
      },
      returns(leader),
      {
        title: 'The second crash',
        before: 'Whoever leads now is killed too.',
        action: { label: 'Kill the leader', calls: (view) => [kill(leaderOf(view) ?? second)] },
        until: ({ view, begun }) => isReplaced(view, leaderOf(begun) ?? second, secondTerm),
        missed: 'Nobody replaced the second leader.',
        after: ({ view }) => `${leaderOf(view) ?? '?'} leads term ${verdictOf(view).term}.`,
        focus: ({ view }) => [leaderOf(view) ?? leader],
        checks: (scene) => [termsOnlyRise(scene), oneLeaderATerm(scene)],
      },
    ];
  },
};

export const commitBound: Lesson = {
  id: 'commit-bound',
  title: 'Commit never beyond the log',
  teaches: 'At no moment is a commit index above the last index, or the applied one above it.',
  aboutSeconds: 4,
  tell: ({ leader, term }) => {
    let result: BurstResult | null = null;
    return [
      {
        title: 'Load and a crash',
        before: `Four clients write, ${leader} is killed among it.`,
        action: {
          label: `Write, and kill ${leader}`,
          calls: () => [
            burst(
              {
                lesson: 'bound',
                clients: 4,
                each: 15,
                meanwhile: { after: 20, call: kill(leader) },
              },
              (each) => (result = each),
            ),
          ],
        },
        until: ({ view }) => result !== null && isReplaced(view, leader, term),
        missed: 'Nobody replaced the leader.',
        after: () => `${result?.acknowledged.length ?? 0} writes were acknowledged.`,
        focus: () => ['Replicated log'],
      },
      returns(leader, ({ heard }) => {
        const states = heard.flatMap((view) => view.nodes);
        const wrong = states.find(
          ({ commitIndex, lastIndex, lastApplied }) =>
            commitIndex > lastIndex || lastApplied > commitIndex,
        );
        return [
          {
            name: 'Applied ≤ commit ≤ last, always',
            passed: wrong === undefined && states.length > 20,
            evidence:
              wrong === undefined
                ? `${states.length} states of nodes in ${heard.length} views`
                : `${wrong.id}: applied ${wrong.lastApplied}, commit ${wrong.commitIndex}, last ${wrong.lastIndex}`,
          },
        ];
      }),
    ];
  },
};

/** As long as the suite watches for it, ms. */
const STABLE_MS = 15_000;

export const stableLeader: Lesson = {
  id: 'stable-leader',
  title: 'The leader is stable',
  teaches: 'Without faults nothing changes: the same leader and term for fifteen seconds.',
  aboutSeconds: 15,
  tell: ({ leader, term, beganAtMs }) => [
    {
      title: 'Fifteen quiet seconds',
      before: `${leader} leads term ${term}. We touch nothing and watch.`,
      until: ({ view }) => view.atMs - beganAtMs >= STABLE_MS,
      withinMs: 2 * STABLE_MS,
      missed: 'The page did not hear from the server for so long.',
      after: ({ view }) => `${((view.atMs - beganAtMs) / 1000).toFixed(1)} s have passed.`,
      focus: () => [leader],
      checks: (scene) => {
        const changes = eventsOf(
          scene,
          'election-timeout',
          'candidate',
          'leader-elected',
          'stepped-down',
          'quorum-lost',
        );
        const terms = new Set(scene.heard.flatMap((view) => view.nodes.map((node) => node.term)));
        return [
          {
            name: 'Nobody asked for votes, led anew or stepped down',
            passed: changes.length === 0,
            evidence: changes[0]?.text ?? 'no such event',
          },
          {
            name: `Every node stayed in term ${term}`,
            passed: terms.size === 1 && terms.has(term),
            evidence: `term ${[...terms].join(', ')} in ${scene.heard.length} views`,
          },
        ];
      },
    },
  ],
};

function tenWrites(lesson: string, into: (result: BurstResult) => void) {
  return burst({ lesson, clients: 2, each: 5 }, into);
}

/** The step in which a killed node starts again and catches up. */
function returns(id: string, checks?: Step['checks']): Step {
  return {
    title: `${id} returns`,
    before: `${id} starts again from its own database.`,
    action: { label: `Start ${id}`, calls: () => [revive(id)] },
    until: (scene) => haveCaughtUp(scene),
    missed: `${id} did not catch up.`,
    after: ({ view }) =>
      `${id} follows ${leaderOf(view) ?? '?'} and has applied up to ${nodeOf(view, id)?.lastApplied ?? '?'}.`,
    focus: () => [id],
    ...(checks !== undefined && { checks }),
  };
}

function termsOnlyRise({ heard }: Scene): Check {
  const fall = heard
    .flatMap((view, i) => pairs(heard[i - 1], view))
    .find(([before, after]) => after.term < before.term);
  const seen = new Set(heard.flatMap((view) => view.nodes.map((node) => node.term)));
  return {
    name: 'No node’s term ever fell',
    passed: fall === undefined,
    evidence:
      fall === undefined
        ? `terms ${[...seen].sort((a, b) => a - b).join(', ')} in ${heard.length} views`
        : `${fall[0].id}: ${fall[0].term}, then ${fall[1].term}`,
  };
}

/** Each node as it was in one view and in the next. */
function pairs(before: ClusterView | undefined, after: ClusterView): [NodeView, NodeView][] {
  return after.nodes.flatMap((node) => {
    const earlier = before === undefined ? undefined : nodeOf(before, node.id);
    return earlier === undefined ? [] : [[earlier, node] as [NodeView, NodeView]];
  });
}
