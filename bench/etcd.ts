/** A cluster of three etcd members on loopback, where etcd is installed: the peer to measure beside. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from './server-process.ts';

const READY_WITHIN_MS = 30_000;

/** For example "3.4.23"; null when etcd is not installed. */
export function etcdVersion(): string | null {
  const { status, stdout } = spawnSync('etcd', ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/etcd Version: (\S+)/.exec(stdout)?.[1] ?? 'unknown') : null;
}

export async function startEtcd(): Promise<Target> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chronoraft-etcd-'));
  const ports = await freePorts(6);
  const members = [0, 1, 2].map((i) => ({
    name: `e${i}`,
    client: `http://127.0.0.1:${ports[i]}`,
    peer: `http://127.0.0.1:${ports[i + 3]}`,
  }));
  const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
  const children = members.map(({ name, client, peer }) =>
    spawn(
      'etcd',
      [
        ['--name', name],
        ['--data-dir', path.join(folder, name)],
        ['--listen-client-urls', client],
        ['--advertise-client-urls', client],
        ['--listen-peer-urls', peer],
        ['--initial-advertise-peer-urls', peer],
        ['--initial-cluster', cluster],
        ['--logger', 'zap'],
        ['--log-outputs', '/dev/null'],
      ].flat(),
      { stdio: 'ignore' },
    ),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(end));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    // The leader answers without a hop: the kinder place to measure it at.
    const leader = await leaderOf(members.map(({ client }) => client));
    return { urls: [leader], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function leaderOf(urls: readonly string[]): Promise<string> {
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadlineMs) {
    for (const url of urls) {
      try {
        const response = await fetch(`${url}/v3/maintenance/status`, {
          method: 'POST',
          body: '{}',
        });
        const status = (await response.json()) as {
          leader?: string;
          header?: { member_id?: string };
        };
        if (status.leader !== undefined && status.leader === status.header?.member_id) return url;
      } catch {
        // Not listening yet.
      }
    }
    await delay(50);
  }
  throw new Error('etcd elected no leader');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
