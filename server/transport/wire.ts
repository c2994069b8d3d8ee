/**
 * Messages as they cross between threads. Copying an entry as an object costs
 * three times as much as copying its columns, and entries are nearly all of the
 * traffic; so they travel as columns. What arrives is what was sent.
 */
import type { Packet, PacketHead } from '../ports/transport.ts';
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

type WireMessage =
  | Exclude<Message, AppendEntries>
  | (Omit<AppendEntries, 'entries'> & { readonly columns: Columns });

interface WirePacket {
  readonly head: PacketHead;
  readonly messages: readonly WireMessage[];
}

export function pack({ head, messages }: Packet): WirePacket {
  return { head, messages: messages.map(packMessage) };
}

function packMessage(message: Message): WireMessage {
  if (message.type !== 'AppendEntries') return message;
  const { entries, ...rest } = message;
  return { ...rest, columns: columnsOf(entries, message.prevLogIndex + 1) };
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

/** Which message of which life of its sender a slowed one is; null for what came at full speed, or is not as it should be. */
export function numberOf(
  packet: unknown,
): { readonly boot: number; readonly number: number } | null {
  if (!isObject(packet)) return null;
  const { head, number }: Claim<WirePacket & { number: number }> = packet;
  if (!isObject(head) || !Number.isSafeInteger(number)) return null;
  const { bootEpoch }: Claim<PacketHead> = head;
  return Number.isSafeInteger(bootEpoch)
    ? { boot: Number(bootEpoch), number: Number(number) }
    : null;
}

/** Puts entries together again. What is not as {@link pack} makes it is left as it is, for the receiver to refuse. */
export function unpack(packet: unknown): unknown {
  if (!isObject(packet)) return packet;
  const { head, messages }: Claim<WirePacket> = packet;
  return Array.isArray(messages) ? { head, messages: messages.map(unpackMessage) } : packet;
}

function unpackMessage(message: unknown): unknown {
  if (!isObject(message) || !('columns' in message)) return message;
  const { columns, ...rest } = message;
  return isColumns(columns) ? { ...rest, entries: entriesOf(columns) } : message;
}

function entriesOf({ first, marks, kinds, data }: Columns): readonly Entry[] {
  return data.map((text, i) => ({
    index: first + i,
    term: marks[2 * i] ?? 0,
    stamp: marks[2 * i + 1] ?? 0,
    kind: KIND[kinds.charAt(i) as Letter],
    data: text,
  }));
}

/** As many of each; what they hold is seen by whoever looks at the entries. */
function isColumns(columns: unknown): columns is Columns {
  if (!isObject(columns)) return false;
  const { first, marks, kinds, data }: Claim<Columns> = columns;
  return (
    typeof first === 'number' &&
    Array.isArray(data) &&
    marks instanceof Float64Array &&
    marks.length === 2 * data.length &&
    typeof kinds === 'string' &&
    kinds.length === data.length
  );
}

type Claim<T> = { readonly [K in keyof T]?: unknown };

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
