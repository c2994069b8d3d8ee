/** Has a history judged in a thread of its own, which ends when its time is up. */
import { Worker } from 'node:worker_threads';
import type { KeyVerdict } from '../../contracts/chaos.ts';
import { threadFlags } from '../cluster/thread-flags.ts';

/** Room for a history of the greatest length, and for the memory of the search. */
const HEAP_MB = 1024;

export interface JudgeTask {
  /** Lines of a history. */
  readonly file: string;
  readonly keys: readonly string[];
}

/** Resolves when all is judged, `signal` says stop, or the thread is gone: keys without a verdict are undecided. */
export async function judgeInThread(
  workerFile: string,
  task: JudgeTask,
  signal: AbortSignal,
  onVerdict: (verdict: KeyVerdict) => void,
): Promise<void> {
  const worker = new Worker(workerFile, {
    workerData: task,
    name: 'judge',
    execArgv: threadFlags(),
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  const stop = (): void => void worker.terminate();
  signal.addEventListener('abort', stop, { once: true });
  worker.on('message', onVerdict);
  // A judge that runs out of memory has no verdict on the rest.
  worker.on('error', () => {});
  try {
    if (signal.aborted) stop();
    await new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
