import { describe, expect, test } from 'vitest';
import { curlOf } from '../../client/curl.ts';
import { ChronoraftClient } from '../../client/http-client.ts';
import { LessonRunner } from '../../client/lesson-runner.ts';
import type { LessonPorts } from '../../client/lesson-runner.ts';
import { newRun, reduceRun, resultOf } from '../../client/lesson-run.ts';
import type { LessonRun } from '../../client/lesson-run.ts';
import { kill } from '../../client/lessons/calls.ts';
import { lessonOf, RESILIENCE, STORIES } from '../../client/lessons/list.ts';
import type { Lesson, Step } from '../../client/lessons/lesson.ts';
import { brokenIn, whyUnfit } from '../../client/lessons/mend.ts';
import { toThreeVoters } from '../../client/lessons/three-voters.ts';
import { nodeOf } from '../../client/lessons/evidence.ts';
import type { ClusterView, NodeView } from '../../contracts/view.ts';
import { nodeView, viewOf } from './views.ts';

const HEALTHY = viewOf(
  ['n1', 'n2', 'n3'].map((id) =>
    nodeView(id, { term: 4, leader: 'n2', role: id === 'n2' ? 'leader' : 'follower' }),
  ),
);

/** A cluster on paper: what is asked of it is written down, what it shows is set by hand, time passes by hand. */
class PaperCluster implements LessonPorts {
  readonly asked: string[] = [];
  current: ClusterView = HEALTHY;
  /** Refuses to start nodes. */
  isStuck = false;
  private readonly hearers = new Set<(view: ClusterView) => void>();
  private timers: { atMs: number; run: () => void }[] = [];
  private nowMs = 0;

  readonly client = (): ChronoraftClient =>
    new ChronoraftClient({
      baseUrl: 'http://paper',
      fetch: (url, init) => this.answer(url as string, init),
    });

  view(): ClusterView {
    return this.current;
  }

  listen(hear: (view: ClusterView) => void): () => void {
    this.hearers.add(hear);
    return () => this.hearers.delete(hear);
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  show(id: string, parts: Partial<NodeView>): void {
    const { current } = this;
    this.current = {
      ...current,
      atMs: current.atMs + 10,
      nodes: current.nodes.map((node) => (node.id === id ? { ...node, ...parts } : node)),
    };
    for (const hear of this.hearers) hear(this.current);
  }

  /** A new term of the same leader begins, everywhere. */
  turn(term: number): void {
    for (const { id } of this.current.nodes) this.show(id, { term });
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const timer of this.timers.filter(({ atMs }) => atMs <= this.nowMs)) timer.run();
  }

  private answer(url: string, init?: RequestInit): Promise<Response> {
    const path = url.replace('http://paper/api/v1', '');
    if (path === '/cluster') return Promise.resolve(Response.json(this.current));
    this.asked.push(`${init?.method ?? 'GET'} ${path}`);
    const [, node, action] = /^\/nodes\/(n\d)\/(\w+)$/.exec(path) ?? [];
    if (action === 'revive' && this.isStuck) {
      const problem = { code: 'NODE_DOWN', message: 'it did not come up', retryable: false };
      return Promise.resolve(Response.json(problem, { status: 503 }));
    }
    if (node !== undefined) this.show(node, { state: action === 'kill' ? 'down' : 'serving' });
    return Promise.resolve(Response.json({}));
  }
}

function lessonWith(...steps: readonly Step[]): Lesson {
  return { id: 'paper', title: 'On paper', teaches: '', aboutSeconds: 1, tell: () => steps };
}

const KILL_AND_WAIT: Step = {
  title: 'One dies',
  before: 'n1 is killed.',
  action: { label: 'Kill n1', calls: () => [kill('n1')] },
  until: ({ view }) => nodeOf(view, 'n2')?.term === 5,
  missed: 'No term 5.',
  withinMs: 1000,
  after: ({ view }) => `term ${nodeOf(view, 'n2')?.term}`,
  focus: () => ['n1'],
  checks: ({ view }) => [
    { name: 'n1 is down', passed: nodeOf(view, 'n1')?.state === 'down', evidence: 'as it says' },
  ],
};
const WATCH: Step = { title: 'The end', before: '', after: () => 'seen', focus: () => [] };

/** Runs of a lesson as they change, and a way to wait for one. */
function observed(cluster: PaperCluster, lesson: Lesson) {
  let waiting: (() => void)[] = [];
  const runner = new LessonRunner(lesson, cluster, () => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  });
  const becomes = async (isSo: (run: LessonRun) => boolean): Promise<void> => {
    while (!isSo(runner.state))
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
  };
  const stepIs = (at: number, phase: string) =>
    becomes((run) => run.at === at && run.steps[at]?.phase === phase);
  return { cluster, runner, becomes, stepIs };
}

describe('playing a lesson', () => {
  test('[U96] nothing is sent before it is asked for; then it waits for the event, however long, and tells it', async () => {
    const cluster = new PaperCluster();
    const { runner, stepIs } = observed(cluster, lessonWith(KILL_AND_WAIT, WATCH));
    await stepIs(0, 'ready');
    expect(cluster.asked).toEqual([]);
    runner.act();
    await stepIs(0, 'waiting');
    expect(cluster.asked).toEqual(['POST /nodes/n1/kill']);
    cluster.pass(999);
    cluster.show('n3', { lastIndex: 5 });
    expect(runner.state.steps[0]).toMatchObject({ phase: 'waiting', after: null });
    cluster.turn(5);
    await stepIs(0, 'done');
    expect(runner.state.steps[0]).toMatchObject({
      after: 'term 5',
      checks: [{ name: 'n1 is down', passed: true }],
      sent: [{ words: 'done' }],
    });
    runner.next();
    await stepIs(1, 'done');
    runner.next();
    expect(resultOf(await runner.over)).toBe('passed');
  });

  test('[U96] what does not come within its time fails the lesson and says what it was and how the cluster is; nothing is claimed', async () => {
    const cluster = new PaperCluster();
    const { runner, stepIs, becomes } = observed(cluster, lessonWith(KILL_AND_WAIT, WATCH));
    runner.playByItself(true);
    await stepIs(0, 'waiting');
    cluster.pass(1000);
    await becomes((run) => run.steps[0]?.phase === 'failed');
    expect(runner.state.steps[0]).toMatchObject({
      problem: 'After 1 s it had not happened. No term 5. Now: n1 is down.',
      after: null,
      checks: [],
    });
    const run = await runner.over;
    expect(resultOf(run)).toBe('failed');
    expect(run.steps[1]?.phase).toBe('ahead');
  });

  test('[U96] a request that is refused, and a check that does not hold, fail the lesson', async () => {
    const refused = new PaperCluster();
    const failing: Step = {
      ...WATCH,
      action: {
        label: 'Fail',
        calls: () => [
          {
            what: 'Ask',
            curl: '',
            send: () => Promise.resolve({ ok: false, words: 'NO_LEADER: none' }),
          },
        ],
      },
    };
    const { runner } = observed(refused, lessonWith(failing));
    runner.playByItself(true);
    const run = await runner.over;
    expect(run.steps[0]).toMatchObject({ phase: 'failed', problem: 'Ask: NO_LEADER: none' });

    const wrong: Step = {
      ...WATCH,
      checks: () => [{ name: 'it holds', passed: false, evidence: 'it does not' }],
    };
    const other = observed(new PaperCluster(), lessonWith(wrong, WATCH));
    other.runner.playByItself(true);
    await patience(other.cluster, other.runner.over);
    expect(resultOf(await other.runner.over)).toBe('failed');
  });

  test('[U97] what it broke is mended when it is left half-way, and nothing more is played', async () => {
    const cluster = new PaperCluster();
    const { runner, stepIs } = observed(cluster, lessonWith(KILL_AND_WAIT, WATCH));
    runner.act();
    await stepIs(0, 'waiting');
    const run = await runner.leave();
    expect(cluster.asked).toEqual(['POST /nodes/n1/kill', 'POST /heal', 'POST /nodes/n1/revive']);
    expect(run).toMatchObject({ phase: 'over', broken: [] });
    expect(resultOf(run)).toBe('left');
    expect(brokenIn(cluster.current)).toEqual([]);
  });

  test('[U97] what cannot be mended is said', async () => {
    const cluster = new PaperCluster();
    cluster.isStuck = true;
    const { runner, stepIs, becomes } = observed(cluster, lessonWith(KILL_AND_WAIT));
    runner.act();
    await stepIs(0, 'waiting');
    const left = runner.leave();
    await becomes(({ phase }) => phase === 'mending');
    await settles(() => cluster.asked.includes('POST /nodes/n1/revive'));
    await patience(cluster, left);
    expect((await left).broken).toEqual(['n1 is down']);
  });

  test('[U98] earlier steps can be looked at again, in any phase; nothing of them is done again', async () => {
    const cluster = new PaperCluster();
    const { runner, stepIs } = observed(cluster, lessonWith(KILL_AND_WAIT, WATCH));
    runner.act();
    await stepIs(0, 'waiting');
    cluster.turn(5);
    await stepIs(0, 'done');
    runner.next();
    await stepIs(1, 'done');
    runner.previous();
    runner.previous();
    runner.act();
    expect(runner.state).toMatchObject({ at: 1, shown: 0 });
    expect(cluster.asked).toEqual(['POST /nodes/n1/kill']);
    runner.next();
    expect(runner.state).toMatchObject({ at: 1, shown: 1, phase: 'playing' });
    await runner.leave();
  });

  test('[U98] a run goes forward only from a step that is done', () => {
    const run = newRun(lessonWith(WATCH, WATCH), [WATCH, WATCH]);
    expect(reduceRun(run, { type: 'next' })).toBe(run);
    expect(reduceRun(run, { type: 'show', step: 1 })).toMatchObject({ shown: 0 });
    const done = reduceRun(run, { type: 'checked', checks: [] });
    expect(reduceRun(done, { type: 'next' })).toMatchObject({ at: 1, shown: 1 });
  });
});

describe('the lessons', () => {
  test('[U96] a lesson begins only on a whole cluster of three, or says why not', () => {
    const cluster = new PaperCluster();
    expect(whyUnfit(HEALTHY)).toBeNull();
    cluster.show('n3', { state: 'down' });
    expect(whyUnfit(cluster.current)).toBe('Not all is whole: n3 is down');
    expect(() => new LessonRunner(lessonWith(WATCH), cluster)).toThrow('n3 is down');
    expect(whyUnfit({ ...HEALTHY, voters: ['n1', 'n2', 'n3', 'n4', 'n5'] })).toContain('5 voters');
    const sound = { cut: false, delayMs: 0, jitterMs: 0, loss: 0.5, duplicate: 0, reorder: 0 };
    expect(whyUnfit({ ...HEALTHY, links: [{ from: 'n1', to: 'n2', ...sound }] })).toContain(
      'from n1 to n2: 50 % lost',
    );
  });

  test.each([
    [['n1'], [], '1 voter', ['POST /members', 'POST /members']],
    [['n1'], ['n2'], '1 voter and 1 learner', ['POST /members/n2/promote', 'POST /members']],
    [['n1', 'n2', 'n3'], ['n4'], '3 voters and 1 learner', ['DELETE /members/n4']],
    [['n1', 'n2', 'n3', 'n4', 'n5'], [], '5 voters', ['DELETE /members/n4', 'DELETE /members/n3']],
    [
      ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'],
      [],
      '7 voters',
      ['DELETE /members/n7', 'DELETE /members/n6', 'DELETE /members/n4', 'DELETE /members/n3'],
    ],
  ])(
    '[U126] with voters %j and learners %j it is said that there are %s, and what makes them three',
    (voters, learners, words, requests) => {
      // Where there are five, n5 leads, and stays.
      const nodes = [...voters, ...learners].map((id) =>
        nodeView(id, { role: id === 'n5' ? 'leader' : 'follower' }),
      );
      const view = viewOf(nodes, { voters, learners });
      expect(whyUnfit(view)).toMatch(new RegExp(`this cluster has ${words}$`));
      const commands = curlOf('', toThreeVoters(view)).split('\n');
      expect(
        commands.map((line) => /-X (\w+) '\/api\/v1(\S+)'/.exec(line)?.slice(1).join(' ')),
      ).toEqual(requests);
    },
  );

  test('[U126] while members change nothing is advised, and three voters are fit', () => {
    const view = viewOf(HEALTHY.nodes, { votersOutgoing: ['n1'] });
    expect(whyUnfit(view)).toContain('a change of members is under way');
    expect(toThreeVoters(view)).toEqual([]);
    expect(toThreeVoters(HEALTHY)).toEqual([]);
  });

  test('[U96] each has its own address, and there are ten tests and at least ten stories', () => {
    const all = [...new Set([...STORIES, ...RESILIENCE])];
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const lesson of all) expect(lessonOf(lesson.id)).toBe(lesson);
    expect(new Set(RESILIENCE).size).toBe(10);
    expect(new Set(STORIES).size).toBe(STORIES.length);
    expect(STORIES.length).toBeGreaterThanOrEqual(10);
  });
});

/** Lets what is under way go on until it is so. */
async function settles(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Lets the cluster's time pass until `done`. */
async function patience(cluster: PaperCluster, done: Promise<unknown>): Promise<void> {
  let isDone = false;
  void done.then(() => (isDone = true));
  await settles(() => {
    cluster.pass(60_000);
    return isDone;
  });
}
