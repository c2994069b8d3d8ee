/**
 * Messages as they cross between threads. Copying an entry as an object costs
 * three times as much as copying its columns, and entries are nearly all of the
 * traffic; so they travel as columns. What arrives is what was sent.
 */
import type { AppendEntries, Message } from '../raft/messages.ts';
import type { Entry, LogIndex, Stamp, Term } from '../raft/types.ts';

interface Columns {
  /** Index of the first entry; the others follow without a gap. */
  readonly first: LogIndex;
  readonly terms: readonly Term[];
  readonly stamps: readonly Stamp[];
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
    return {
      ...rest,
      columns: {
        first: message.prevLogIndex + 1,
        terms: entries.map(({ term }) => term),
        stamps: entries.map(({ stamp }) => stamp),
        kinds: entries.map(({ kind }) => LETTER[kind]).join(''),
        data: entries.map(({ data }) => data),
      },
    };
  });
}

export function unpack(messages: readonly WireMessage[]): readonly Message[] {
  return messages.map((message) => {
    if (message.type !== 'AppendEntries') return message;
    const { columns, ...rest } = message;
    const { first, terms, stamps, kinds, data } = columns;
    const entries = data.map(
      (text, i): Entry => ({
        index: first + i,
        term: terms[i] ?? 0,
        stamp: stamps[i] ?? 0,
        kind: KIND[kinds.charAt(i) as Letter],
        data: text,
      }),
    );
    return { ...rest, entries };
  });
}
