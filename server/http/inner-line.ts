/**
 * A line within the process: two ends, of which each reads what the other
 * writes. To the HTTP server one end is a connection like any other, with its
 * back-pressure; only nothing of it leaves the process.
 */
import { Duplex } from 'node:stream';

class End extends Duplex {
  /** As connections of the net have it. */
  readonly remoteAddress = 'in-process';
  bytesRead = 0;
  private other: End | null = null;
  /** The write of the other end that waits until this one has room. */
  private taken: (() => void) | null = null;

  constructor() {
    // As a socket: at the end of an answer that nobody reads the line is over.
    super({ allowHalfOpen: false });
  }

  static pair(): readonly [End, End] {
    const [one, two] = [new End(), new End()];
    one.other = two;
    two.other = one;
    return [one, two];
  }

  override _read(): void {
    const { taken } = this;
    this.taken = null;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    const { other } = this;
    if (other === null || other.destroyed) {
      done(gone());
      return;
    }
    other.bytesRead += chunk.length;
    if (other.push(chunk)) done();
    else other.taken = done;
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  /** As a line that was cut: who still waits for the other end learns it. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { other, taken } = this;
    this.other = null;
    this.taken = null;
    taken?.();
    if (other !== null) process.nextTick(() => other.destroy());
    done(error);
  }
}

/** The two ends of a new line. */
export function innerLine(): { readonly near: Duplex; readonly far: Duplex } {
  const [near, far] = End.pair();
  return { near, far };
}

/** True of an end of such a line: nobody from outside can have one. */
export function isInner(socket: object): boolean {
  return socket instanceof End;
}

function gone(): Error {
  return Object.assign(new Error('the other end is gone'), { code: 'ECONNRESET' });
}
