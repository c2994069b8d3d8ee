/**
 * The output of `strace -f -xx`, read: which calls the threads of a process made,
 * in the order in which they ended. A call that was interrupted by the news of
 * another thread stands in two lines, and is one here. What cannot be read is an
 * error: a recording with a hole in it explains nothing.
 */

export interface Call {
  readonly pid: number;
  readonly name: string;
  /** As strace writes them: numbers, names of constants, strings in escapes. */
  readonly args: readonly string[];
  /** Below 0 when it failed; null when the process ended within it. */
  readonly result: number | null;
  /** Of the trace, from 1. */
  readonly line: number;
}

export class TraceError extends Error {
  override readonly name = 'TraceError';
}

const LINE = /^(\d+) +(.*)$/s;
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)$/s;
const UNFINISHED = ' <unfinished ...>';
const CALL = /^(\w+)\((.*)\) += (-?\d+|0x[0-9a-f]+|\?)(?: .*)?$/s;

/** Throws {@link TraceError}. */
export function parseTrace(text: string): readonly Call[] {
  const calls: Call[] = [];
  /** By thread, the first half of the call that it is in. */
  const begun = new Map<number, string>();
  let line = 0;
  for (const whole of text.split('\n')) {
    line++;
    if (whole === '') continue;
    const [, thread = '', said = ''] = LINE.exec(whole) ?? [];
    if (thread === '') throw unreadable(line, whole);
    // News of signals and of ends.
    if (/^(?:---|\+\+\+)/.test(said)) continue;
    const pid = Number(thread);
    if (said.endsWith(UNFINISHED)) {
      begun.set(pid, said.slice(0, -UNFINISHED.length));
      continue;
    }
    const call = parseCall(pid, joined(pid, said, begun, line), line);
    if (call === null) throw unreadable(line, said);
    calls.push(call);
  }
  return calls;
}

function joined(pid: number, said: string, begun: Map<number, string>, line: number): string {
  const [, name, rest = ''] = RESUMED.exec(said) ?? [];
  if (name === undefined) return said;
  const first = begun.get(pid);
  if (first === undefined || !first.startsWith(`${name}(`)) throw unreadable(line, said);
  begun.delete(pid);
  return first + rest;
}

function parseCall(pid: number, text: string, line: number): Call | null {
  const [, name, args = '', result = ''] = CALL.exec(text) ?? [];
  if (name === undefined) return null;
  return { pid, name, args: split(args), result: result === '?' ? null : Number(result), line };
}

/** At the commas that are not within brackets; strings are escapes throughout and have neither. */
function split(text: string): readonly string[] {
  if (!/[[{(]/.test(text)) return text === '' ? [] : text.split(/, */);
  const args: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if ('[{('.includes(char)) depth++;
    else if (']})'.includes(char)) depth--;
    else if (char === ',' && depth === 0) {
      args.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  args.push(text.slice(from).trim());
  return args;
}

/** The bytes of a string that was written in escapes; throws {@link TraceError} where it was cut short. */
export function bytesOf(arg: string | undefined, line: number): Buffer {
  const [, escapes] = /^"((?:\\x[0-9a-f]{2})*)"$/.exec(arg ?? '') ?? [];
  if (escapes === undefined) throw unreadable(line, arg ?? 'nothing');
  return Buffer.from(escapes.replaceAll('\\x', ''), 'hex');
}

export function unreadable(line: number, text: string): TraceError {
  return new TraceError(`line ${line} of the trace is not understood: ${text.slice(0, 200)}`);
}
