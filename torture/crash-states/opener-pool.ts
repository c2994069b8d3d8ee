/** Threads that open crash states, as many at a time as there are threads. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { must } from '../../server/base/assert.ts';
import type { OpenedState, OpenRequest } from './opener.ts';

export interface OpenerData {
  readonly folder: string;
  readonly migrationsDir: string;
  readonly seed: number;
  readonly rounds: number;
}

interface Waiting {
  readonly request: OpenRequest;
  readonly resolve: (opened: OpenedState) => void;
  readonly reject: (error: Error) => void;
}

export class OpenerPool {
  private readonly threads: readonly Worker[];
  private readonly free: Worker[];
  private readonly waiting: Waiting[] = [];
  /** By the thread that has it. */
  private readonly working = new Map<Worker, Waiting>();
  private failure: Error | null = null;

  /** `program` is the bundle of opener-thread.ts; each thread has a folder in `data.folder`. */
  constructor(program: URL, data: OpenerData, threads: number) {
    this.threads = Array.from({ length: threads }, (_, i) => {
      const folder = path.join(data.folder, String(i));
      const thread = new Worker(program, { workerData: { ...data, folder } });
      thread.on('message', (opened: OpenedState) => this.end(thread, opened));
      thread.on('error', (error: Error) => this.fail(error));
      return thread;
    });
    this.free = [...this.threads];
  }

  open(request: OpenRequest): Promise<OpenedState> {
    if (this.failure !== null) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiting.push({ request, resolve, reject });
      this.hand();
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }

  private hand(): void {
    while (this.free.length > 0 && this.waiting.length > 0) {
      const thread = must(this.free.pop(), 'one is free');
      const next = must(this.waiting.shift(), 'one waits');
      this.working.set(thread, next);
      thread.postMessage(next.request);
    }
  }

  private end(thread: Worker, opened: OpenedState): void {
    const ended = must(this.working.get(thread), 'it was given one');
    this.working.delete(thread);
    this.free.push(thread);
    ended.resolve(opened);
    this.hand();
  }

  private fail(error: Error): void {
    this.failure = error;
    for (const { reject } of [...this.working.values(), ...this.waiting.splice(0)]) reject(error);
  }
}
