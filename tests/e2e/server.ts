/** Starts the real server on a free port with a data folder of its own. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ApiClient } from './api.ts';

const READY = /ready:?\s+(http:\/\/\S+)/i;

/** A browser takes both cores of a small machine for moments: leaders must not fall for that. */
const CALM = { HEARTBEAT_MS: '50', ELECTION_TIMEOUT_MS: '600' };

export class ServerUnderTest {
  readonly dataDir: string;
  url = '';
  private child: ChildProcess | null = null;
  private output: string[] = [];

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

  /** Resolves once the start line names the address; a restart keeps the port. */
  async start(): Promise<void> {
    const port = this.url === '' ? '0' : new URL(this.url).port;
    const child = spawn(process.execPath, [this.mainFile], {
      env: {
        ...process.env,
        PORT: port,
        HOST: '127.0.0.1',
        DATA_DIR: this.dataDir,
        NODE_ENV: 'production',
        ...CALM,
        ...this.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.output = [];
    child.stderr?.on('data', (chunk: Buffer) => this.output.push(chunk.toString()));
    const exited = once(child, 'exit').then(() => {
      throw new Error(`the server ended before it was ready:\n${this.output.join('')}`);
    });
    const ready = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        this.output.push(`${line}\n`);
        const match = READY.exec(line);
        if (match?.[1] !== undefined) resolve(match[1]);
      });
    });
    this.url = await Promise.race([ready, exited]);
    exited.catch(() => {});
  }

  /** Ends the process with `signal` and waits until it is gone; returns its exit code, if it had one. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.child;
    if (child === null || child.exitCode !== null) return child?.exitCode ?? null;
    const gone = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    const [code] = await gone;
    this.child = null;
    return code;
  }

  async destroy(): Promise<void> {
    await this.end('SIGKILL');
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
