/** The server as its users run it: a process of its own, on a free port. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface Target {
  /** Base addresses, the first one preferred. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

export interface ServerProcess extends Target {
  readonly pid: number;
}

const READY = /ready:?\s+(http:\/\/\S+)/i;

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
  folder: string,
  { page = false }: ServerOptions = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['dist/main.js'], {
    env: {
      ...process.env,
      PORT: '0',
      DATA_DIR: folder,
      NODE_ENV: 'production',
      ...(!page && { PAGE: 'off' }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    gone.then(() => reject(new Error('the server ended before it was ready')), reject);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = READY.exec(line)?.[1];
      if (match !== undefined) resolve(match);
    });
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await gone;
  };
  return { urls: [url], pid: child.pid ?? Number.NaN, stop };
}
