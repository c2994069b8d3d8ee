/** A message in its fields, short enough to be looked at: texts of entries are cut, rows of snapshots only counted. */
import { unreachable } from '../base/assert.ts';
import type { Message } from '../raft/messages.ts';
import { summarise } from './entry-summary.ts';
import { isRefusal } from './node-reporter.ts';
import type { MessageSummary } from './pace-control.ts';

/** Entries named one by one. */
const MAX_NAMED = 5;

export function summariseMessage(message: Message): MessageSummary {
  const { from, to, type, term } = message;
  return {
    from,
    to,
    type,
    term,
    refused: isRefusal(message),
    entries: type === 'AppendEntries' ? message.entries.length : 0,
    fields: fieldsOf(message).map(([name, value]) => ({ name, value: String(value) })),
  };
}

function fieldsOf(message: Message): readonly (readonly [string, string | number | boolean])[] {
  switch (message.type) {
    case 'PreVote':
      return [
        ['nextTerm', message.nextTerm],
        ['lastLogIndex', message.lastLogIndex],
        ['lastLogTerm', message.lastLogTerm],
      ];
    case 'PreVoteResponse':
      return [
        ['nextTerm', message.nextTerm],
        ['voteGranted', message.granted],
      ];
    case 'RequestVote':
      return [
        ['lastLogIndex', message.lastLogIndex],
        ['lastLogTerm', message.lastLogTerm],
        ['transfer', message.transfer],
      ];
    case 'RequestVoteResponse':
      return [['voteGranted', message.granted]];
    case 'AppendEntries':
      return [
        ['prevLogIndex', message.prevLogIndex],
        ['prevLogTerm', message.prevLogTerm],
        ['leaderCommit', message.leaderCommit],
        ...message.entries
          .slice(0, MAX_NAMED)
          .map((entry) => [`entry ${entry.index}`, labelOf(entry)] as const),
        ...(message.entries.length > MAX_NAMED
          ? [['more entries', message.entries.length - MAX_NAMED] as const]
          : []),
      ];
    case 'AppendEntriesResponse':
      return message.success
        ? [
            ['success', true],
            ['matchIndex', message.index],
          ]
        : [
            ['success', false],
            ['prevLogIndex', message.index],
            ['conflictIndex', message.conflictIndex],
            ['conflictTerm', message.conflictTerm],
          ];
    case 'Heartbeat':
      return [
        ['leaderCommit', message.leaderCommit],
        ['readSeq', message.readSeq],
      ];
    case 'HeartbeatResponse':
      return [['readSeq', message.readSeq]];
    case 'InstallSnapshot':
      return [
        ['after', message.after],
        ['upTo', message.upTo],
        ['characters', message.rows.length],
        ['done', message.end !== null],
      ];
    case 'InstallSnapshotResponse':
      return [
        ['upTo', message.upTo],
        ['matchIndex', message.matchIndex],
      ];
    case 'ReadIndex':
      return [['token', message.token]];
    case 'ReadIndexResponse':
      return [
        ['token', message.token],
        ['index', message.index ?? 'not known'],
      ];
    case 'TimeoutNow':
      return [];
    default:
      return unreachable(message);
  }
}

function labelOf(entry: Parameters<typeof summarise>[0]): string {
  const { term, label } = summarise(entry);
  return `term ${term}: ${label}`;
}
