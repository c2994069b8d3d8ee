/**
 * The client of the network benchmark, a process of its own: the same loop, the
 * same HTTP library and the same values against either system. Reads its task
 * as JSON from its first argument and prints its result as JSON.
 */
import { Agent, request } from 'node:http';
import { closedLoop } from './closed-loop.ts';
import type { Load } from './closed-loop.ts';
import { nameOf, VALUE } from './workload.ts';

export interface HttpTask {
  readonly system: 'chronoraft' | 'etcd';
  readonly operation: 'write' | 'read';
  readonly url: string;
  readonly load: Load;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: string | null;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const CALLS: Record<HttpTask['system'], Record<HttpTask['operation'], (i: number) => Call>> = {
  chronoraft: {
    write: (i) => ({
      method: 'PUT',
      path: `/api/v1/kv/${nameOf(i)}/f`,
      body: JSON.stringify({ value: VALUE }),
    }),
    read: (i) => ({ method: 'GET', path: `/api/v1/kv/${nameOf(i)}/f`, body: null }),
  },
  etcd: {
    write: (i) => ({
      method: 'POST',
      path: '/v3/kv/put',
      body: JSON.stringify({ key: base64(nameOf(i)), value: base64(VALUE) }),
    }),
    read: (i) => ({
      method: 'POST',
      path: '/v3/kv/range',
      body: JSON.stringify({ key: base64(nameOf(i)) }),
    }),
  },
};

const task = JSON.parse(process.argv[2] ?? '') as HttpTask;
const { hostname, port } = new URL(task.url);
const agent = new Agent({ keepAlive: true, maxSockets: task.load.depth, scheduling: 'fifo' });
const makeCall = CALLS[task.system][task.operation];

function send({ method, path, body }: Call): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers =
      body === null
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request({ hostname, port, method, path, headers, agent }, (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`status ${response.statusCode}`));
      });
      response.once('error', reject);
    });
    call.once('error', reject);
    call.end(body ?? undefined);
  });
}

const result = await closedLoop(task.load, (i) => send(makeCall(i)));
agent.destroy();
process.stdout.write(`${JSON.stringify(result)}\n`);
