/** One life of the whole server, as a process group of its own that SIGKILL ends. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ServerSettings {
  /** Where its dist/ is. */
  readonly root: string;
  readonly port: number;
  readonly dataDir: string;
  readonly runNodesAs: 'threads' | 'processes';
}

const READY = /ready:\s+(http:\/\/\S+)/;

export class ServerLife {
  private readonly child: ChildProcess;
  /** Resolves when it has ended. */
  readonly gone: Promise<unknown>;
  /** From its start to its line that it is ready, ms. */
  readonly readyAfterMs: number;

  private constructor(child: ChildProcess, gone: Promise<unknown>, readyAfterMs: number) {
    this.child = child;
    this.gone = gone;
    this.readyAfterMs = readyAfterMs;
  }

  /** Rejects when it ends before it is ready. */
  static async begin({ root, port, dataDir, runNodesAs }: ServerSettings): Promise<ServerLife> {
    const startedMs = performance.now();
    const child = spawn(process.execPath, ['dist/main.js'], {
      cwd: root,
      env: {
        ...process.env,
        PORT: String(port),
        DATA_DIR: dataDir,
        RUN_NODES_AS: runNodesAs,
        PAGE: 'off',
        // That nodes die is what this is about.
        LOG_LEVEL: 'fatal',
        NODE_ENV: 'production',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const gone = once(child, 'exit');
    await new Promise<void>((resolve, reject) => {
      gone.then(([code]) => reject(new Error(`the server did not start (code ${code})`)), reject);
      if (child.stdout === null) throw new Error('its output is a pipe');
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (READY.test(line)) resolve();
      });
    });
    return new ServerLife(child, gone, performance.now() - startedMs);
  }

  /** Resolves when the server is gone; processes of its nodes go at the same instant. */
  async kill(): Promise<void> {
    process.kill(-(this.child.pid ?? 0), 'SIGKILL');
    await this.gone;
  }

  /** In order; the exit code. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    await this.gone;
    return this.child.exitCode;
  }

  get isGone(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }
}
