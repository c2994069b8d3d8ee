/** Nodes as worker threads: quick to start and cheap to talk to. One is ended between two instructions of it. */
import { MessageChannel, MessagePort, Worker } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import type { FromNode, NodeOptions, ToNode } from '../node/control.ts';
import { PauseGate } from '../node/pause-gate.ts';
import type { WorkerData } from '../node/worker.ts';
import { OLD_GENERATION_MB, YOUNG_GENERATION_MB } from './node-runtime.ts';
import { threadFlags } from './thread-flags.ts';
import type { LineEnd, NodeRun, NodeRuntime, RunEvents } from './node-runtime.ts';

export class ThreadRuntime implements NodeRuntime {
  private readonly workerFile: string;
  private readonly heapMb: (node: string) => number;

  /** `workerFile` is `server/node/worker.ts`, bundled; `heapMb` is less than the usual room in tests only. */
  constructor(workerFile: string, heapMb: (node: string) => number = () => OLD_GENERATION_MB) {
    this.workerFile = workerFile;
    this.heapMb = heapMb;
  }

  run(options: NodeOptions, events: RunEvents): NodeRun {
    return new ThreadRun(this.workerFile, this.heapMb(options.id), options, events);
  }

  layLine(take: (one: LineEnd, other: LineEnd) => void): void {
    const { port1, port2 } = new MessageChannel();
    take(port1, port2);
  }
}

class ThreadRun implements NodeRun {
  private readonly worker: Worker;
  private readonly gate = new PauseGate();

  constructor(workerFile: string, heapMb: number, options: NodeOptions, events: RunEvents) {
    this.worker = new Worker(workerFile, {
      workerData: { options, gate: this.gate.buffer } satisfies WorkerData,
      name: options.id,
      execArgv: threadFlags(),
      resourceLimits: {
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
        maxOldGenerationSizeMb: heapMb,
      },
    });
    let failure: string | null = null;
    this.worker.on('message', (message: FromNode) => events.onMessage(message));
    this.worker.on('error', (error: unknown) => {
      failure ??= error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    });
    this.worker.once('exit', (code) => {
      events.onGone(failure ?? `its thread ended by itself (code ${code})`);
    });
  }

  post(message: Exclude<ToNode, { type: 'connect' }>): void {
    this.worker.postMessage(message);
  }

  connect(peer: string, end: LineEnd): void {
    assert(end instanceof MessagePort, 'threads are joined by ports');
    this.worker.postMessage({ type: 'connect', peer, line: end } satisfies ToNode, [end]);
  }

  pause(): void {
    this.gate.close();
    this.post({ type: 'pause' });
  }

  resume(): void {
    this.gate.open();
  }

  get isPaused(): boolean {
    return this.gate.isClosed;
  }

  get pid(): number {
    return process.pid;
  }

  terminate(): void {
    void this.worker.terminate();
  }
}
