/** What a command has of the world: the terminal, the environment and the clock. Tests give their own. */
import type { Readable, Writable } from 'node:stream';

export interface Output extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface Input extends Readable {
  readonly isTTY?: boolean;
  /** Of a terminal: keys come one by one, unprinted. */
  setRawMode?(raw: boolean): unknown;
}

export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths begin. */
  readonly folder: string;
  readonly nowMs: () => number;
  /** Aborted by Ctrl-C, or when the program is asked to end. */
  readonly interrupted: AbortSignal;
}

/** Resolves once the stream has room again; what is written to a reader that went away is its owner's concern. */
export function write(stream: Writable, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (stream.write(text) || stream.destroyed) {
      resolve();
      return;
    }
    const done = (): void => {
      stream.off('drain', done).off('close', done).off('error', done);
      resolve();
    };
    stream.once('drain', done).once('close', done).once('error', done);
  });
}
