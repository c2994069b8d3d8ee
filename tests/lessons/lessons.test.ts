/** Every lesson, told to its end on a real cluster, headless: each of its claims must hold. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LessonRunner } from '../../client/lesson-runner.ts';
import { checksOf, resultOf } from '../../client/lesson-run.ts';
import { journey } from '../../client/lessons/journey.ts';
import { RESILIENCE, STORIES } from '../../client/lessons/list.ts';
import { brokenIn } from '../../client/lessons/mend.ts';
import { startTestServer } from '../server.ts';
import type { TestServer } from '../server.ts';
import { LivePorts } from './live-ports.ts';

const SLOW_MACHINE_MS = 120_000;
/** A machine that is busy with other things must not end a leadership that the story did not, nor sooner than the story says. */
const CALM = { HEARTBEAT_MS: '40', ELECTION_TIMEOUT_MS: '1000' };

describe('lessons', { timeout: SLOW_MACHINE_MS }, () => {
  let server: TestServer;
  let ports: LivePorts;
  beforeAll(async () => {
    server = await startTestServer(undefined, CALM);
    ports = new LivePorts(server.url);
    await ports.fit();
  }, SLOW_MACHINE_MS);
  afterAll(async () => {
    ports.close();
    await server.destroy();
  });

  const all = [...new Set([...STORIES, ...RESILIENCE])];
  it.each(all.map((lesson) => [lesson.title, lesson] as const))(
    '[U95] %s: every check holds, and the cluster is whole afterwards',
    async (_title, lesson) => {
      await ports.fit();
      const runner = new LessonRunner(lesson, ports);
      runner.playByItself(true);
      const run = await runner.over;
      const problems = run.steps.flatMap(({ problem }) => (problem === null ? [] : [problem]));
      const wrong = checksOf(run).filter((check) => !check.passed);
      expect({ problems, wrong, broken: run.broken }).toEqual({
        problems: [],
        wrong: [],
        broken: [],
      });
      expect(resultOf(run)).toBe('passed');
      expect(checksOf(run).length).toBeGreaterThan(0);
      const view = await ports.client().cluster();
      expect(view.ok && brokenIn(view.value)).toEqual([]);
    },
  );

  it('[U96] a node killed by hand in the middle of a story makes it fail, in words, and it is mended', async () => {
    const hurried = new LivePorts(server.url);
    await hurried.fit();
    const runner = new LessonRunner(journey, hurried, ({ at, steps }) => {
      // Only for what will not come; what is mended takes its time.
      hurried.hurry = at === 1 && steps[at]?.phase === 'waiting' ? 10 : 1;
    });
    runner.act();
    await hurried.until((view) => view.links.some((link) => link.delayMs > 0));
    const { voters, nodes } = hurried.view();
    const lost = voters.find((voter) =>
      nodes.some(({ id, role }) => id === voter && role !== 'leader'),
    );
    await server.supervisor.kill(lost ?? '');
    runner.playByItself(true);
    const run = await runner.over;
    expect(resultOf(run)).toBe('failed');
    expect(run.steps.find((step) => step.phase === 'failed')?.problem).toMatch(
      new RegExp(`did not reach every node.*${lost} is down`),
    );
    expect(run.broken).toEqual([]);
    hurried.close();
  });
});
