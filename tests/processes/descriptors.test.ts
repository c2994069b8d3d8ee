/** A server that may have few files open: at its start, and when others take what it has left. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { NodeView } from '../../contracts/view.ts';
import { ServerProcess } from '../../harness/server-process.ts';
import { must } from '../../server/base/assert.ts';
import { makeDataDir } from '../server.ts';

const WITHIN_MS = 60_000;
const SLOW_MACHINE_MS = 3 * WITHIN_MS;
/** Node itself cannot read what the program consists of. */
const TOO_FEW = 60;
const ENOUGH = 160;
/** Many times what there is room for. */
const CALLERS = 400;
const WRITES = 30;

function start(
  limit: number,
  dataDir: string,
  env: Record<string, string>,
): Promise<ServerProcess> {
  const under = ['bash', '-c', `ulimit -n ${limit}; exec "$@"`, '-'];
  return ServerProcess.start({ dataDir, env: { PAGE: 'off', ...env }, under, log: 'kept' });
}

describe('few file descriptors', { timeout: SLOW_MACHINE_MS }, () => {
  it('[X14] too few to start: the server says so, ends, and leaves nothing behind', async () => {
    const folder = makeDataDir();
    const dataDir = path.join(folder, 'data');
    try {
      await expect(start(TOO_FEW, dataDir, {})).rejects.toThrow(
        /ended before it was ready \(1\):[^]*EMFILE: too many open files/,
      );
      expect(existsSync(dataDir)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.runIf(process.platform === 'linux').each(['threads', 'processes'])(
    '[X14] all taken by callers, with nodes as %s: consensus goes on; a node that cannot start says why, and comes back when there are some',
    async (RUN_NODES_AS) => {
      const dataDir = makeDataDir();
      const server = await start(ENOUGH, dataDir, { RUN_NODES_AS, ELECTION_TIMEOUT_MS: '3000' });
      const callers: Socket[] = [];
      const line = new http.Agent({ keepAlive: true, maxSockets: 1 });
      try {
        const { url } = server;
        const ask = asker(url, line);
        await ask('PUT', 'kv/a/before', { value: 'x' });
        let before: readonly NodeView[] = [];
        const leading = (): NodeView | undefined => before.find(({ role }) => role === 'leader');
        await expect
          .poll(async () => {
            before = await nodes(ask);
            return before.every(({ term, leader }) => {
              const first = leading();
              return first !== undefined && leader === first.id && term === first.term;
            });
          })
          .toBe(true);
        const leader = must(leading(), 'a leader');
        const { port, hostname } = new URL(url);
        const fill = async (): Promise<void> => {
          for (let n = 0; n < CALLERS; n++) {
            const caller = connect(Number(port), hostname);
            caller.on('error', () => {});
            callers.push(caller);
          }
          await expect.poll(() => descriptorsOf(server.pid)).toBeGreaterThanOrEqual(ENOUGH - 1);
        };
        await fill();
        for (let n = 0; n < WRITES; n++)
          await ask('PUT', `kv/a/f${n}`, { value: 'x'.repeat(20_000) });
        for (const each of await nodes(ask))
          expect(each).toMatchObject({ state: 'serving', leader: leader.id, term: leader.term });
        const victim = must(
          before.find(({ role }) => role === 'follower'),
          'a follower',
        ).id;
        await ask('POST', `nodes/${victim}/kill`);
        await fill();
        await expect(ask('POST', `nodes/${victim}/revive`)).rejects.toThrow(/NODE_DOWN.*EMFILE/);
        expect((await nodes(ask)).find(({ id }) => id === victim)).toMatchObject({
          state: 'failed',
          reason: expect.stringMatching(/EMFILE/),
          refusal: null,
        });
        await ask('PUT', 'kv/a/without', { value: 'x' });
        for (const caller of callers) caller.destroy();
        await expect.poll(() => descriptorsOf(server.pid)).toBeLessThan(ENOUGH / 2);
        await ask('POST', `nodes/${victim}/revive`);
        await expect
          .poll(
            async () =>
              new Set(
                (await nodes(ask)).map(
                  ({ lastApplied, stateHash }) => `${lastApplied} ${stateHash}`,
                ),
              ).size,
          )
          .toBe(1);
        for (let n = 0; n < WRITES; n++) await ask('GET', `kv/a/f${n}`);
        await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(200);
      } finally {
        for (const caller of callers) caller.destroy();
        line.destroy();
        await server.end('SIGTERM');
        rmSync(dataDir, { recursive: true, force: true });
      }
    },
  );
});

type Ask = (
  method: string,
  what: string,
  body?: unknown,
) => Promise<{ status: number; body: unknown }>;

/** Over one connection that is there before the others. */
function asker(url: string, agent: http.Agent): Ask {
  return (method, what, body) =>
    new Promise((resolve, reject) => {
      const json = body === undefined ? undefined : JSON.stringify(body);
      const headers = {
        'request-timeout-ms': String(WITHIN_MS),
        ...(json !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(json),
        }),
      };
      const request = http.request(
        `${url}/api/v1/${what}`,
        { method, agent, headers },
        (response) => {
          void text(response).then((answer) => {
            const status = response.statusCode ?? 0;
            if (status === 200) resolve({ status, body: JSON.parse(answer) as unknown });
            else reject(new Error(`${status} ${answer}`));
          }, reject);
        },
      );
      request.once('error', reject);
      request.end(json);
    });
}

async function nodes(ask: Ask): Promise<readonly NodeView[]> {
  return ((await ask('GET', 'cluster')).body as { nodes: NodeView[] }).nodes;
}

function descriptorsOf(pid = 0): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
