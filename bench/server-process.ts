/** What is measured from outside, and ours of that: the server as its users run it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServerProcess } from '../harness/server-process.ts';

export interface Target {
  /** Base addresses, the first one preferred. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Whether it serves the dashboard too; not unless said. */
  readonly page?: boolean;
}

/** With a data folder of its own, which goes with it. */
export async function startFreshServer(options: ServerOptions = {}): Promise<Target> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chronoraft-bench-'));
  const { urls, stop } = await startServerProcess(folder, options);
  return {
    urls,
    stop: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function startServerProcess(
  dataDir: string,
  { page = false }: ServerOptions = {},
): Promise<Target & { readonly pid: number }> {
  const server = await ServerProcess.start({ dataDir, env: page ? {} : { PAGE: 'off' } });
  const stop = async (): Promise<void> => {
    await server.end('SIGTERM');
  };
  return { urls: [server.url], pid: server.pid, stop };
}
