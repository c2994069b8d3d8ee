/** Every operation of the API done once with success, each answer held against the document. */
import { expect } from 'vitest';
import { ChaosRun } from '../../contracts/chaos.ts';
import { MemberAnswer } from '../../contracts/control.ts';
import { Problem } from '../../contracts/errors.ts';
import { PaceView } from '../../contracts/pace.ts';
import { RecordingAnswer } from '../../contracts/recording.ts';
import { ClusterView } from '../../contracts/view.ts';
import { SessionAnswer, SetAnswer } from '../../contracts/write.ts';
import { must } from '../../server/base/assert.ts';
import type { ApiDocument } from './document.ts';

const PATIENT = { 'request-timeout-ms': '60000' };
const LINES = 'application/x-ndjson';

interface Extra {
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The ids of the operations that were done. */
export async function walkAll(url: string, api: ApiDocument): Promise<ReadonlySet<string>> {
  const done = new Set<string>();

  /** Does an operation; `names` are its parameters in the path, in order. */
  async function go(id: string, names: readonly string[], extra: Extra = {}): Promise<string> {
    const { method, path, operation } = api.named(id);
    const left = [...names];
    const target = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(left.shift() ?? ''));
    const { query = '', body, headers } = extra;
    const attempt = async (): Promise<string | Problem | null> => {
      const response = await fetch(`${url}${target}${query}`, {
        method,
        headers: {
          // What it does not take it would ignore.
          ...(operation.parameters.some(({ name }) => name === 'Request-Timeout-Ms') && PATIENT),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const told = { status: response.status, headers: response.headers, text };
      expect(api.faultOf({ method, path, operation }, told), `${method} ${target}`).toBeNull();
      if (response.ok) return text;
      return id === 'ready' ? null : Problem.parse(JSON.parse(text));
    };
    let outcome = await attempt();
    // On a busy machine a leader may be lost at any time; none of this does harm when done twice.
    while (outcome === null || (typeof outcome !== 'string' && mayPass(outcome)))
      outcome = await attempt();
    if (typeof outcome !== 'string')
      throw new Error(`${method} ${target}: ${JSON.stringify(outcome)}`);
    const text = outcome;
    done.add(id);
    return text;
  }
  const view = async (): Promise<ClusterView> =>
    ClusterView.parse(JSON.parse(await go('getCluster', [])));

  // The store.
  const cell = ['walk', 'x'];
  const first = SetAnswer.parse(
    JSON.parse(await go('setField', cell, { body: { value: 'one', timestamp: 1000 } })),
  );
  const { clientId } = SessionAnswer.parse(JSON.parse(await go('openSession', [])));
  const once = { value: '2', ttl: 60_000, if: { is: 'present' }, clientId, sequence: 1 };
  const second = await go('setField', cell, { body: once });
  const { revision, stamp } = SetAnswer.parse(JSON.parse(second));
  const again: unknown = JSON.parse(await go('setField', cell, { body: once }));
  expect(again).toMatchObject({ revision, stamp });
  await go('incrementField', cell, { body: { by: 3 } });
  await go('incrementField', ['walk', 'n']);
  await go('appendItems', ['walk', 'list'], { body: { items: ['a', 'b', 'a'] } });
  await go('removeItems', ['walk', 'list'], { body: { item: 'a', count: 1 } });
  const set = { op: 'set', key: 'walk', field: 'y', value: ['p'] };
  const conditions = [{ is: 'value', key: 'walk', field: 'x', value: 'no' }];
  await go('transact', [], { body: { if: conditions, success: [], failure: [set] } });
  const remove = { op: 'remove', key: 'walk', field: 'x', item: 'of a text' };
  await go('batch', [], { body: { writes: [set, { op: 'deleteRecord', key: 'none' }, remove] } });
  await go('getField', cell);
  await go('getField', cell, { query: `?at=1500&asOf=${first.revision}` });
  await go('getField', ['walk', 'never'], { query: '?consistency=local&node=n2' });
  await go('getRecord', ['walk'], { query: '?limit=1' });
  await go('listKeys', [], { query: '?prefix=w' });
  await go('listRecords', [], { query: '?start=a&end=z' });
  await go('getHistory', cell, { query: '?order=desc&limit=2' });
  await go('diffViews', [], { query: `?key=walk&beforeAsOf=${first.revision}` });
  await go('listChanges', [], { query: '?after=0&prefix=walk' });
  await go('restoreView', [], { body: { key: 'walk', asOf: first.revision } });
  await go('deleteField', ['walk', 'n'], { query: '?timestamp=2000' });
  await go('deleteRecord', ['walk']);

  // Files.
  const file = await go('takeBackup', [], { query: '?prefix=walk' });
  await go('restoreBackup', [], { body: file, headers: { 'content-type': LINES } });
  await go('getRestoreStatus', []);
  await go('setRetention', [], { body: { maxAgeMs: null, maxVersions: 100 } });
  await go('getRetention', []);
  await watch(url, api);
  done.add('watch');

  // Nodes and faults.
  await go('getNode', ['n1']);
  await go('getLog', ['n1'], { query: '?from=1&limit=5' });
  await go('getInvariants', []);
  await go('getMetrics', [], { query: '?seconds=5' });
  await go('setLink', ['n1', 'n2'], { body: { delayMs: 1 } });
  await go('changeLink', ['n1', 'n2'], { body: { loss: 0.01, both: true } });
  await go('isolateNode', ['n1']);
  await go('reconnectNode', ['n1']);
  await go('partition', [], { body: { groups: [['n1'], ['n2', 'n3']] } });
  await go('healLinks', []);
  await go('setDisk', ['n1'], { body: { delayMs: 1 } });
  await go('setClock', ['n1'], { body: { offsetMs: 1, drift: 1 } });
  await go('pauseNode', ['n3'], { body: { forMs: 60_000 } });
  await go('resumeNode', ['n3']);
  await go('heal', []);
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(200);
  await go('compactLog', ['n1']);
  await go('campaign', ['n1']);
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(200);
  await handOver(url, go, view);
  await go('killNode', ['n3']);
  await go('reviveNode', ['n3']);

  // The laboratory. Reads of the cluster wait in its own time.
  PaceView.parse(JSON.parse(await go('setPace', [], { body: { pace: 0.025 } })));
  await dropOne(url, go, view);
  await go('setPace', [], { body: { pace: 0 } });
  await go('getPace', []);
  await go('step', []);
  await go('setPace', [], { body: { pace: 1 } });
  await go('getTrace', [], { query: '?stretch=1&after=0' });
  const { kept } = RecordingAnswer.parse(JSON.parse(await go('getRecording', [])));
  const { fromMs, toMs } = must(kept, 'something is recorded');
  const span = `?from=${Math.ceil(fromMs)}&to=${Math.floor(toMs)}`;
  await go('getRecordingSegments', [], { query: span });
  await go('getRecordingFile', []);
  await go('planChaos', [], { body: { seed: 7 } });
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(200);
  const load = { faults: [], durationMs: 60_000, clients: 1, keys: 1, deleteKeys: true };
  const { id } = ChaosRun.parse(JSON.parse(await go('startChaos', [], { body: load })));
  await go('stopChaos', [id]);
  await expect
    .poll(async () => ChaosRun.parse(JSON.parse(await go('getChaosRun', [id]))).state)
    .toBe('done');
  await go('listChaosRuns', []);
  await go('getChaosHistory', [id]);

  // Members, at last: who is replaced does not come back.
  const added = MemberAnswer.parse(
    JSON.parse(await go('addMember', [], { body: { as: 'learner' } })),
  );
  await go('promoteMember', [added.node]);
  await go('removeMember', [added.node]);
  let follower: string | undefined;
  while (follower === undefined) {
    const { nodes } = await view();
    if (nodes.some(({ role }) => role === 'leader'))
      follower = nodes.find(({ role }) => role === 'follower')?.id;
  }
  await go('killNode', [follower]);
  await go('wipeNode', [follower]);
  await go('replaceMember', [follower]);

  // The server.
  await go('live', []);
  await go('live', [], { query: '?verbose' });
  await go('ready', []);
  await go('ready', [], { query: '?verbose=1' });
  await go('getAccess', []);
  await go('getAudit', [], { query: '?limit=1' });
  await go('signOut', []);
  await go('getPrometheusMetrics', []);
  await go('getVersion', []);
  await go('getOpenApi', []);
  await go('getDocs', []);
  return done;
}

function mayPass({ retryable, code }: Problem): boolean {
  return retryable || code === 'OUTCOME_UNKNOWN';
}

type Go = (id: string, names: readonly string[]) => Promise<string>;
type Look = () => Promise<ClusterView>;

/** A hand-over may be refused where another election comes between. */
async function handOver(url: string, go: Go, view: Look): Promise<void> {
  await expect
    .poll(async () => {
      const { nodes } = await view();
      const to = nodes.find(({ role }) => role === 'follower')?.id ?? 'n1';
      const { status } = await fetch(`${url}/api/v1/nodes/${to}/lead`, { method: 'POST' });
      if (status !== 200) return null;
      const other = nodes.find(({ id, role }) => id !== to && role === 'follower')?.id ?? 'n1';
      return go('handOver', [other]).then(
        () => 'done',
        () => null,
      );
    })
    .toBe('done');
}

/** A message on its way may arrive before it can be dropped. */
async function dropOne(url: string, go: Go, view: Look): Promise<void> {
  await expect
    .poll(async () => {
      const [message] = (await view()).transit.toReversed();
      if (message === undefined) return null;
      return go('dropPacket', [message.id]).then(
        () => 'dropped',
        () => null,
      );
    })
    .toBe('dropped');
  expect((await fetch(`${url}/livez`)).status).toBe(200);
}

/** One stream of events, from the first revision to one that tells of a change and of progress. */
async function watch(url: string, api: ApiDocument): Promise<void> {
  const { operation, ...rest } = api.named('watch');
  const gone = new AbortController();
  const response = await fetch(`${url}/api/v1/watch?prefix=walk&after=0`, { signal: gone.signal });
  const { status, headers } = response;
  expect(api.faultOf({ operation, ...rest }, { status, headers, text: null })).toBeNull();
  const events = must(
    operation.responses['200']?.content['text/event-stream']?.['x-events'],
    'the events are described',
  );
  const kinds = new Set<string>();
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of must(response.body, 'there is a stream')) {
    text += decoder.decode(bytes, { stream: true });
    const whole = text.split('\n\n');
    text = whole.pop() ?? '';
    for (const each of whole) {
      const [, event = '', data = ''] = /^event: (\w+)\nid: \d+\ndata: (.*)$/.exec(each) ?? [];
      kinds.add(event);
      const schema = must(events[event], `the event ${event} is described`);
      expect(api.mismatch(schema, JSON.parse(data))).toBeNull();
    }
    if (kinds.has('changes')) break;
  }
  gone.abort();
}
