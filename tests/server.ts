/** A real server inside the test's process: real threads, real databases in a folder of its own, a free port. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConfig } from '../server/config.ts';
import { createLogger } from '../server/logger.ts';
import { startServer } from '../server/server.ts';
import type { RunningServer } from '../server/server.ts';

export interface TestServer extends RunningServer {
  readonly dataDir: string;
  /** Closes the server and removes its folder. */
  destroy(): Promise<void>;
}

export function makeDataDir(): string {
  return mkdtempSync(path.join(tmpdir(), 'chronoraft-test-'));
}

export async function startTestServer(
  dataDir = makeDataDir(),
  env: Record<string, string> = {},
): Promise<TestServer> {
  const config = readConfig(
    { PORT: '0', DATA_DIR: dataDir, PAGE: 'off', ...env },
    path.resolve('.'),
  );
  const server = await startServer(config, createLogger('silent'), 'test');
  const destroy = async (): Promise<void> => {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { ...server, dataDir, destroy };
}
