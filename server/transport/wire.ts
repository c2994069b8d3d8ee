/**
 * Messages as they cross between threads. Copying an entry as an object costs
 * three times as much as copying its columns, and entries are nearly all of the
 * traffic; so they travel as columns. What arrives is what was sent.
 */
import type { AppendEntries, Message } from '../raft/messages.ts';
import type { Entry, LogIndex } from '../raft/types.ts';

interface Columns {
  /** Index of the first entry; the others follow without a gap. */
  readonly first: LogIndex;
  /** Term and stamp of each entry in turn: numbers of an array cost many times as much to copy. */
  readonly marks: Float64Array;
  /** A letter for each entry. */
  readonly kinds: string;
  readonly data: readonly string[];
}

const LETTER = { command: 'c', noop: 'n', confChange: 'f' } as const;
const KIND = { c: 'command', n: 'noop', f: 'confChange' } as const;
type Letter = keyof typeof KIND;

export type WireMessage =
  | Exclude<Message, AppendEntries>
  | (Omit<AppendEntries, 'entries'> & { readonly columns: Columns });

export function pack(messages: readonly Message[]): readonly WireMessage[] {
  return messages.map((message) => {
    if (message.type !== 'AppendEntries') return message;
    const { entries, ...rest } = message;
    return { ...rest, columns: columnsOf(entries, message.prevLogIndex + 1) };
  });
}

function columnsOf(entries: readonly Entry[], first: LogIndex): Columns {
  const marks = new Float64Array(entries.length * 2);
  const data: string[] = [];
  let kinds = '';
  let end = 0;
  for (const entry of entries) {
    marks[end++] = entry.term;
    marks[end++] = entry.stamp;
    kinds += LETTER[entry.kind];
    data.push(entry.data);
  }
  return { first, marks, kinds, data };
}

export function unpack(messages: readonly WireMessage[]): readonly Message[] {
  return messages.map((message) => {
    if (message.type !== 'AppendEntries') return message;
    const { columns, ...rest } = message;
    const { first, marks, kinds, data } = columns;
    const entries = data.map(
      (text, i): Entry => ({
        index: first + i,
        term: marks[2 * i] ?? 0,
        stamp: marks[2 * i + 1] ?? 0,
        kind: KIND[kinds.charAt(i) as Letter],
        data: text,
      }),
    );
    return { ...rest, entries };
  });
}
