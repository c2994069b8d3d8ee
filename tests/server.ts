/** A real server inside the test's process: real threads, real databases in a folder of its own, a free port. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { must } from '../server/base/assert.ts';
import { readConfig } from '../server/config.ts';
import { createLogger } from '../server/logger.ts';
import { startServer } from '../server/server.ts';
import type { RunningServer } from '../server/server.ts';

export interface TestServer extends RunningServer {
  readonly dataDir: string;
  /** Closes the server and removes its folder. */
  destroy(): Promise<void>;
}

/** A machine that is busy with other things may take its time. */
const SLOW_START_MS = 120_000;

export function makeDataDir(): string {
  return mkdtempSync(path.join(tmpdir(), 'chronoraft-test-'));
}

export async function startTestServer(
  dataDir = makeDataDir(),
  env: Record<string, string> = {},
  logger = createLogger('silent'),
): Promise<TestServer> {
  const config = readConfig(
    { PORT: '0', DATA_DIR: dataDir, PAGE: 'off', ...env },
    path.resolve('.'),
  );
  const server = await startServer(config, logger, 'test');
  const destroy = async (): Promise<void> => {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { ...server, dataDir, destroy };
}

/** One server for all tests of the `describe` or file that calls this, there from the first of them on. */
export function sharedServer(env: Record<string, string> = {}): TestServer {
  const shared = new SharedServer(env);
  beforeAll(() => shared.start(), SLOW_START_MS);
  afterAll(() => shared.destroy());
  return shared;
}

class SharedServer implements TestServer {
  private readonly env: Record<string, string>;
  private started: TestServer | null = null;

  constructor(env: Record<string, string>) {
    this.env = env;
  }

  async start(): Promise<void> {
    this.started = await startTestServer(makeDataDir(), this.env);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  destroy(): Promise<void> {
    return this.server.destroy();
  }

  get dataDir(): string {
    return this.server.dataDir;
  }

  get url(): string {
    return this.server.url;
  }

  get clusterId(): string {
    return this.server.clusterId;
  }

  get fetch(): RunningServer['fetch'] {
    return this.server.fetch;
  }

  get routes(): readonly string[] {
    return this.server.routes;
  }

  get supervisor(): RunningServer['supervisor'] {
    return this.server.supervisor;
  }

  get kv(): RunningServer['kv'] {
    return this.server.kv;
  }

  get fold(): RunningServer['fold'] {
    return this.server.fold;
  }

  get pace(): RunningServer['pace'] {
    return this.server.pace;
  }

  get watches(): RunningServer['watches'] {
    return this.server.watches;
  }

  private get server(): TestServer {
    return must(this.started, 'a test runs after the server has started');
  }
}
