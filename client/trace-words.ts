/** Steps and messages of a trace in words. */
import type { TraceMark, TraceSent } from '../contracts/trace.ts';
import type { MessageEnd, NodeStep } from './message-trace.ts';

/** "sends AppendEntries n2-1-7 to n1, term 3, index 41". */
export function stepWords(event: NodeStep['event']): string {
  switch (event.type) {
    case 'sent':
      return `sends ${event.message} ${event.id} to ${event.to}, ${whatOf(event)}`;
    case 'received':
      return `receives ${event.id} from ${event.from}`;
    case 'mark':
      return markWords(event);
  }
}

export function markWords({ mark, term, index }: Omit<TraceMark, 'type'>): string {
  switch (mark) {
    case 'timeout':
      return `election time-out in term ${term}`;
    case 'candidate':
      return `asks for votes in term ${term}`;
    case 'leader':
      return `leads term ${term}`;
    case 'follower':
      return `follows in term ${term}`;
    case 'commit':
      return `committed up to ${index}`;
    case 'down':
      return 'goes down';
  }
}

/** "term 3, index 41, refused". */
export function whatOf(sent: Pick<TraceSent, 'fields' | 'refused' | 'term'>): string {
  const index = indexOf(sent);
  const parts = [
    `term ${sent.term}`,
    index === null ? null : `index ${index}`,
    sent.refused ? 'refused' : null,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

/** Which index a message is about, by kind; the first that it has. */
const INDEX_FIELDS = ['matchIndex', 'lastLogIndex', 'index', 'upTo', 'leaderCommit'];
const ENTRY = /^entry (\d+)$/;

/** Of entries the first that it carries; null when it is about none. */
export function indexOf({ fields }: Pick<TraceSent, 'fields'>): string | null {
  const entry = fields
    .map(({ name }) => ENTRY.exec(name)?.[1])
    .find((index) => index !== undefined);
  if (entry !== undefined) return entry;
  const named = INDEX_FIELDS.flatMap((wanted) => fields.filter(({ name }) => name === wanted))[0];
  return named?.value ?? null;
}

export const END_WORDS: Record<MessageEnd, string> = {
  arrived: 'arrived',
  dropped: 'dropped by hand',
  lost: 'lost',
  'under-way': 'under way',
};
