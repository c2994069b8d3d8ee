/** The real server on a free port, with a data folder of its own; may be ended and started again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServerProcess } from '../../harness/server-process.ts';
import { ApiClient } from './api.ts';

const SETTINGS = {
  HOST: '127.0.0.1',
  // A browser takes both cores of a small machine for moments: leaders must not fall for that.
  HEARTBEAT_MS: '50',
  ELECTION_TIMEOUT_MS: '600',
};

export class ServerUnderTest {
  readonly dataDir: string;
  url = '';
  private running: ServerProcess | null = null;
  private readonly mainFile: string;
  private readonly env: Readonly<Record<string, string>>;

  private constructor(dataDir: string, mainFile: string, env: Readonly<Record<string, string>>) {
    this.dataDir = dataDir;
    this.mainFile = mainFile;
    this.env = env;
  }

  /** Of another bundle, if one is named, and with further settings. */
  static async create(
    mainFile = 'dist/main.js',
    env: Readonly<Record<string, string>> = {},
  ): Promise<ServerUnderTest> {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'chronoraft-e2e-'));
    const server = new ServerUnderTest(dataDir, mainFile, env);
    await server.start();
    return server;
  }

  get api(): ApiClient {
    return new ApiClient(this.url);
  }

  /** Resolves once it is ready; a restart keeps the port. */
  async start(): Promise<void> {
    const { dataDir, mainFile } = this;
    this.running = await ServerProcess.start({
      dataDir,
      mainFile,
      port: this.url === '' ? 0 : Number(new URL(this.url).port),
      env: { ...SETTINGS, ...this.env },
      log: 'kept',
    });
    this.url = this.running.url;
  }

  /** Ends the process with `signal` and waits until it is gone; returns its exit code, if it had one. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    return (await this.running?.end(signal)) ?? null;
  }

  async destroy(): Promise<void> {
    await this.end('SIGKILL');
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
