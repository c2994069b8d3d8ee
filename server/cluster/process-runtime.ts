/**
 * Nodes as child processes, so that their end is SIGKILL and their pause SIGSTOP, with
 * nothing of Node's in between, and one that runs out of memory takes nobody with it. A
 * line is a connection over the loopback interface, both ends of which are handed on.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { assert } from '../base/assert.ts';
import type { FromNode, NodeOptions, ToNode } from '../node/control.ts';
import type { ToProcess } from '../node/node-process.ts';
import { OLD_GENERATION_MB, YOUNG_GENERATION_MB } from './node-runtime.ts';
import type { LineEnd, NodeRun, NodeRuntime, RunEvents } from './node-runtime.ts';

/** V8's young generation has three spaces of this size. */
const SEMI_SPACE_MB = Math.floor(YOUNG_GENERATION_MB / 3);
/** Until a line is tried again that could not be laid (no port, no file descriptor), ms. */
const LAY_AGAIN_MS = 100;
/** A line that was not accepted after so long is given up, ms. */
const ACCEPTED_WITHIN_MS = 2000;
const LOOPBACK = '127.0.0.1';

export interface ProcessOptions {
  /** `server/node/node-process.ts`, bundled. */
  readonly file: string;
  /** A command that runs Node for us ("strace -D …"); none by default. */
  readonly under?: (node: string) => readonly string[];
  /** Sees each process before anything is said to it. */
  readonly onStarted?: (node: string, child: ChildProcess) => void;
}

export class ProcessRuntime implements NodeRuntime {
  private readonly options: ProcessOptions;
  private laying: Promise<void> = Promise.resolve();

  constructor(options: ProcessOptions) {
    this.options = options;
  }

  run(options: NodeOptions, events: RunEvents): NodeRun {
    return new ProcessRun(this.start(options.id), options, events);
  }

  layLine(take: (one: LineEnd, other: LineEnd) => void): void {
    this.laying = this.laying.then(async () => {
      take(...(await layLineAtLast()));
    });
  }

  private start(id: string): ChildProcess {
    const { file, under, onStarted } = this.options;
    const node = [
      process.execPath,
      `--max-semi-space-size=${SEMI_SPACE_MB}`,
      `--max-old-space-size=${OLD_GENERATION_MB}`,
    ];
    const [execPath, ...execArgv] = [...(under?.(id) ?? []), ...node];
    const child = fork(file, [], {
      execPath,
      execArgv,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // Tokens are the server's alone.
      env: { ...process.env, AUTH_TOKENS: undefined },
    });
    onStarted?.(id, child);
    return child;
  }
}

class ProcessRun implements NodeRun {
  private readonly child: ChildProcess;
  isPaused = false;

  constructor(child: ChildProcess, options: NodeOptions, events: RunEvents) {
    this.child = child;
    let how: string | null = null;
    let isHeardOut = false;
    const endWhenBoth = (): void => {
      if (how === null || !isHeardOut) return;
      events.onGone(how);
    };
    child.on('message', (message) => events.onMessage(message as FromNode));
    child.on('error', (error) => {
      // Of a signal to one that is gone: nothing that counts.
      if (child.pid !== undefined || how !== null) return;
      how = `its process could not be started: ${error.message}`;
      isHeardOut = true;
      endWhenBoth();
    });
    child.once('exit', (code, signal) => {
      how ??=
        signal === null
          ? `its process ended by itself (code ${code})`
          : `its process was ended by ${signal}`;
      if (!child.connected) isHeardOut = true;
      endWhenBoth();
    });
    child.once('disconnect', () => {
      isHeardOut = true;
      endWhenBoth();
    });
    this.send({ type: 'begin', options });
  }

  post(message: Exclude<ToNode, { type: 'connect' }>): void {
    this.send(message);
  }

  connect(peer: string, end: LineEnd): void {
    assert(end instanceof Socket, 'processes are joined by sockets');
    if (this.child.connected) this.send({ type: 'connect', peer }, end);
    else end.destroy();
  }

  pause(): void {
    this.isPaused = this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.isPaused = false;
    this.child.kill('SIGCONT');
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  terminate(): void {
    this.child.kill('SIGKILL');
  }

  private send(message: ToProcess, end?: Socket): void {
    // Who is gone hears nothing; that it is gone is told by its end.
    if (this.child.connected) this.child.send(message, end, {}, () => {});
  }
}

/** A line that cannot be laid now is tried again: nodes without it would never meet. */
async function layLineAtLast(): Promise<[Socket, Socket]> {
  for (;;) {
    try {
      return await layLine();
    } catch {
      await delay(LAY_AGAIN_MS, undefined, { ref: false });
    }
  }
}

/** Both ends of a connection, of which nothing has been read. */
async function layLine(): Promise<[Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true });
  const dialled = new Socket();
  // A socket that is paused does not begin to read when it is connected.
  dialled.pause();
  try {
    server.listen(0, LOOPBACK);
    await once(server, 'listening');
    const accepted = acceptedBy(server, dialled);
    dialled.connect((server.address() as AddressInfo).port, LOOPBACK);
    await once(dialled, 'connect');
    dialled.on('error', () => {});
    return [dialled, await accepted];
  } catch (error) {
    dialled.destroy();
    throw error;
  } finally {
    server.close();
  }
}

/** The other end of `dialled`. Rejects when it does not come. */
function acceptedBy(server: Server, dialled: Socket): Promise<Socket> {
  const accepted = new Promise<Socket>((resolve, reject) => {
    server.on('error', reject);
    // Without a file descriptor for it the system closes it again, which a paused socket does not see.
    const late = setTimeout(
      () => reject(new Error('the line was not accepted')),
      ACCEPTED_WITHIN_MS,
    );
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      if (socket.remotePort !== dialled.localPort || dialled.destroyed) socket.destroy();
      else {
        clearTimeout(late);
        resolve(socket);
      }
    });
  });
  // Its line may have failed before anybody waits for it.
  accepted.catch(() => {});
  return accepted;
}
