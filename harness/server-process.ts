/**
 * The server as its users run it: a program of its own, of which one knows what it prints, where
 * it listens and how it ends. For benchmarks and tests, which must not each read its start line.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ServerSettings {
  readonly dataDir: string;
  /** A free one unless said. */
  readonly port?: number;
  /** Further settings, which are the server's own, such as PAGE or RUN_NODES_AS. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it is started; where this program was, unless said. */
  readonly cwd?: string;
  /** Its bundle, seen from `cwd`. */
  readonly mainFile?: string;
  /** In a process group of its own, so that SIGKILL takes it and its nodes' processes at one instant. */
  readonly detached?: boolean;
  /** A command that runs the program for us; it is given the program's own as its last arguments, and becomes it. */
  readonly under?: readonly string[];
  /** What it logs is shown, or kept for the error of a start that fails. */
  readonly log?: 'shown' | 'kept';
}

const READY = /^Chronoraft is ready: (http:\/\/\S+)/;

export class ServerProcess {
  readonly url: string;
  /** From its start to its line that it is ready, ms. */
  readonly readyAfterMs: number;
  /** Resolves when it has ended, however that came. */
  readonly gone: Promise<unknown>;
  private readonly child: ChildProcess;
  private readonly isGroup: boolean;

  private constructor(child: ChildProcess, isGroup: boolean, url: string, readyAfterMs: number) {
    this.child = child;
    this.gone = new Promise((resolve) => child.once('exit', resolve));
    this.isGroup = isGroup;
    this.url = url;
    this.readyAfterMs = readyAfterMs;
  }

  /** Resolves when it is ready; rejects with what it printed when it ends before. */
  static async start(settings: ServerSettings): Promise<ServerProcess> {
    const { dataDir, port = 0, env, cwd = process.cwd(), detached = false } = settings;
    const startedMs = performance.now();
    const program = [process.execPath, settings.mainFile ?? 'dist/main.js'];
    const [command = '', ...args] = [...(settings.under ?? []), ...program];
    const child = spawn(command, args, {
      cwd,
      detached,
      env: {
        ...process.env,
        PORT: String(port),
        DATA_DIR: dataDir,
        NODE_ENV: 'production',
        ...env,
      },
      stdio: ['ignore', 'pipe', settings.log === 'kept' ? 'pipe' : 'inherit'],
    });
    const url = await readyUrl(child);
    return new ServerProcess(child, detached, url, performance.now() - startedMs);
  }

  get pid(): number {
    return this.child.pid ?? Number.NaN;
  }

  get isGone(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves when it is gone, with its exit code if it had one; at once if it went before. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    if (!this.isGone) {
      // In order, it is the server that ends its nodes.
      if (this.isGroup && signal === 'SIGKILL') process.kill(-this.pid, signal);
      else child.kill(signal);
      await this.gone;
    }
    return child.exitCode;
  }
}

/** All that it prints is read, also later: a full pipe would hold it up. */
async function readyUrl(child: ChildProcess): Promise<string> {
  const { stdout, stderr } = child;
  if (stdout === null) throw new Error('its output is a pipe');
  let printed = '';
  let isReady = false;
  const keep = (text: string): void => {
    if (!isReady) printed += text;
  };
  stderr?.setEncoding('utf8').on('data', keep);
  try {
    return await new Promise<string>((resolve, reject) => {
      createInterface({ input: stdout }).on('line', (line) => {
        keep(`${line}\n`);
        const url = READY.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      });
      once(child, 'close').then(([code, signal]) => {
        const how = `the server ended before it was ready (${signal ?? code})`;
        reject(new Error(`${how}:\n${printed}`));
      }, reject);
    });
  } finally {
    isReady = true;
  }
}
