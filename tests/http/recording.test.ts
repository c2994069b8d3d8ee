/** The recording of a real cluster, by HTTP. */
import { describe, expect, test } from 'vitest';
import { patchesOf, readSentRecording } from '../../client/recording-file.ts';
import type { RecordingFile } from '../../client/recording-file.ts';
import { joinLanes } from '../../client/recording-lanes.ts';
import { SegmentPlayer } from '../../client/replay.ts';
import { verdictOf } from '../../client/verdict.ts';
import { RecordingAnswer } from '../../contracts/recording.ts';
import { must } from '../../server/base/assert.ts';
import { sharedServer } from '../server.ts';
import { Requests } from './requests.ts';

const SLOW_MACHINE_MS = 120_000;

describe('the recording by HTTP', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const requests = new Requests(server);

  async function summary(query = ''): Promise<RecordingAnswer> {
    return RecordingAnswer.parse(await requests.ok('GET', `/api/v1/recording${query}`));
  }

  async function lines(path: string): Promise<RecordingFile> {
    const response = await fetch(`${server.url}/api/v1/recording/${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    const read = readSentRecording(await response.text());
    return must(read.ok ? read.file : null, JSON.stringify(read).slice(0, 200));
  }

  /** Once the recording says so; each look is a request. */
  async function until(seen: (answer: RecordingAnswer) => boolean): Promise<RecordingAnswer> {
    for (;;) {
      const answer = await summary();
      if (seen(answer)) return answer;
    }
  }

  /** With the recording from before its death until another leads. On a busy machine another may lead before it dies. */
  async function killOneThatLed(): Promise<{ killed: string; after: RecordingAnswer }> {
    for (;;) {
      const leads = ({ segments }: RecordingAnswer) => joinLanes(segments).leaders.at(-1)?.node;
      const before = await until((answer) => typeof leads(answer) === 'string');
      const killed = must(leads(before), 'there is a leader');
      await requests.ok('POST', `/api/v1/nodes/${killed}/kill`);
      const after = await until((answer) => ![undefined, null, killed].includes(leads(answer)));
      if (joinLanes(after.segments).leaders.at(-3)?.node === killed) return { killed, after };
      await requests.ok('POST', `/api/v1/nodes/${killed}/revive`);
    }
  }

  function leaderIn(file: RecordingFile, atMs: number): string | null {
    const segment = must(
      file.segments.findLast(({ fromMs }) => fromMs <= atMs),
      'it is kept',
    );
    return verdictOf(new SegmentPlayer(segment.view, patchesOf(segment)).viewAt(atMs)).leader;
  }

  test('[H35] shows who led before a kill and after it, and when nobody did', async () => {
    const { killed, after } = await killOneThatLed();
    const lanes = joinLanes(after.segments);
    const [was, gap, next] = lanes.leaders.slice(-3);
    expect(gap).toMatchObject({ node: null, fromMs: was?.toMs });
    expect(next).toMatchObject({ fromMs: gap?.toMs });
    expect(next?.term).toBeGreaterThan(was?.term ?? 0);
    expect(lanes.faults.at(-1)).toMatchObject({
      kind: 'node-down',
      what: killed,
      toMs: after.kept?.toMs,
    });
    expect(lanes.events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['node-killed', 'leader-elected']),
    );

    const file = await lines('file');
    expect(file.header).toMatchObject({ epoch: after.epoch, cluster: after.cluster });
    expect(leaderIn(file, (was?.toMs ?? 0) - 1)).toBe(killed);
    expect(leaderIn(file, gap?.fromMs ?? 0)).toBeNull();
    expect(leaderIn(file, next?.fromMs ?? 0)).toBe(next?.node);
    // The same, of a stretch.
    const part = await lines(`segments?from=${was?.toMs}&to=${next?.fromMs}`);
    expect(leaderIn(part, gap?.fromMs ?? 0)).toBeNull();
    await requests.ok('POST', `/api/v1/nodes/${killed}/revive`);
  });

  test('[H35] tells what is new alone when it is asked from a time on', async () => {
    const { kept } = await summary();
    expect((await summary(`?from=${(kept?.toMs ?? 0) + 3_600_000}`)).segments).toEqual([]);
    expect((await summary(`?from=${kept?.toMs}`)).segments.length).toBeGreaterThan(0);
  });

  test('[H36] refuses what is not kept, and questions that it cannot read', async () => {
    const early = await requests.problem('GET', '/api/v1/recording/segments?from=1&to=2');
    expect(early).toMatchObject({ status: 404, code: 'NOT_RECORDED' });
    expect(early.message).toMatch(/^the recording goes from .*Z to .*Z$/);
    for (const [path, where] of [
      ['recording/segments?from=5&to=4', 'query.from'],
      ['recording/segments?from=5', 'query.to'],
      ['recording/segments?from=-5&to=9', 'query.from'],
      ['recording?from=soon', 'query.from'],
      ['recording?until=1', 'query'],
      ['recording/file?from=1', 'query'],
    ] as const) {
      const problem = await requests.problem('GET', `/api/v1/${path}`);
      expect(problem, path).toMatchObject({ status: 400, code: 'BAD_REQUEST', path: where });
    }
  });
});
