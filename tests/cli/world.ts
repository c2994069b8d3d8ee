/** A world for the command line inside the test's process: what is typed, what it writes, and Ctrl-C. */
import { tmpdir } from 'node:os';
import { PassThrough } from 'node:stream';
import { runCli } from '../../cli/run.ts';
import type { Input, Io } from '../../cli/io.ts';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WorldOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string | Uint8Array;
  readonly folder?: string;
  /** Its output is a terminal of this size. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** Hears all that is written, as it is, and by which stream. */
  readonly onOutput?: (text: string, output: PassThrough) => void;
  /** Keys come from a terminal: those that are written to it. */
  readonly keyboard?: Input;
  readonly interrupted?: AbortSignal;
}

/** Runs a command to its end. */
export async function cli(words: readonly string[], options: WorldOptions = {}): Promise<Ended> {
  const { env = {}, stdin = '', folder = tmpdir(), terminal, onOutput } = options;
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr'): PassThrough => {
    const output = new PassThrough();
    output.setEncoding('utf8');
    output.on('data', (text: string) => {
      written[name] += text;
      onOutput?.(text, output);
    });
    return output;
  };
  const input = new PassThrough();
  input.end(stdin);
  const io: Io = {
    stdin: options.keyboard ?? input,
    stdout: Object.assign(stream('stdout'), terminal !== undefined && { isTTY: true, ...terminal }),
    stderr: stream('stderr'),
    env,
    folder,
    nowMs: Date.now,
    interrupted: options.interrupted ?? new AbortController().signal,
  };
  const code = await runCli(words, io);
  // What was written is read in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  return { code, ...written };
}
