/** A node in a worker thread. Its thread may be terminated at any instant. */
import { parentPort, workerData } from 'node:worker_threads';
import { must } from '../base/assert.ts';
import type { NodeOptions, ToNode } from './control.ts';
import type { NodeDoor } from './node-door.ts';
import { PauseGate } from './pause-gate.ts';
import { runNode } from './run-node.ts';

/** A worker's `workerData`. */
export interface WorkerData {
  readonly options: NodeOptions;
  /** Of a {@link PauseGate}. */
  readonly gate: SharedArrayBuffer;
}

const control = must(parentPort, 'this runs as a worker');
const { options, gate: buffer } = workerData as WorkerData;
const gate = new PauseGate(buffer);

const door: NodeDoor = {
  tell: (message) => control.postMessage(message),
  onMessage: (take) => void control.on('message', (message: ToNode) => take(message)),
  pass: () => gate.pass(),
  close: () => control.close(),
};

await runNode(options, door);
