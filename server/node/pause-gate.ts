/**
 * Stops a node's whole thread, as a stopped process or a long collection does:
 * while the gate is closed its thread waits inside one call, so that no timer
 * fires, nothing is sent, received or written, and it notices nothing. The
 * supervisor, which keeps running, opens the gate; the thread has no say.
 */
const OPEN = 0;
const CLOSED = 1;

export class PauseGate {
  /** Shared by both threads. */
  readonly buffer: SharedArrayBuffer;
  private readonly cell: Int32Array;

  constructor(buffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.cell = new Int32Array(buffer);
  }

  get isClosed(): boolean {
    return Atomics.load(this.cell, 0) === CLOSED;
  }

  close(): void {
    Atomics.store(this.cell, 0, CLOSED);
  }

  open(): void {
    Atomics.store(this.cell, 0, OPEN);
    Atomics.notify(this.cell, 0);
  }

  /** Returns when the gate is open; at once when it is. */
  pass(): void {
    Atomics.wait(this.cell, 0, CLOSED);
  }
}
