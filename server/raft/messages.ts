/**
 * What nodes say to each other (Figure 2, plus pre-vote of dissertation §9.6
 * and the read round of §6.4). Plain data: a transport may clone or encode it.
 * Every message carries its sender's term.
 */
import type { Entry, LogIndex, NodeId, Term } from './types.ts';

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

/** A poll before an election: `term` is the sender's own, `nextTerm` the one it would campaign in. Changes no state. */
export interface PreVote extends Envelope {
  readonly type: 'PreVote';
  readonly nextTerm: Term;
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
}

export interface PreVoteResponse extends Envelope {
  readonly type: 'PreVoteResponse';
  /** Echo of the poll's `nextTerm`, so that answers to an older poll are not counted. */
  readonly nextTerm: Term;
  readonly granted: boolean;
}

export interface RequestVote extends Envelope {
  readonly type: 'RequestVote';
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
}

export interface RequestVoteResponse extends Envelope {
  readonly type: 'RequestVoteResponse';
  readonly granted: boolean;
}

export interface AppendEntries extends Envelope {
  readonly type: 'AppendEntries';
  readonly prevLogIndex: LogIndex;
  readonly prevLogTerm: Term;
  readonly entries: readonly Entry[];
  readonly leaderCommit: LogIndex;
}

export interface AppendEntriesResponse extends Envelope {
  readonly type: 'AppendEntriesResponse';
  readonly success: boolean;
  /** On success the last index known to match the leader's log; on refusal the refused `prevLogIndex`. */
  readonly index: LogIndex;
  /**
   * On refusal (§5.3's optimisation, from both sides): the follower's last entry
   * at or before `prevLogIndex` whose term is at most `prevLogTerm`. The logs can
   * only agree at or before it. 0 and 0 on success.
   */
  readonly conflictIndex: LogIndex;
  readonly conflictTerm: Term;
}

/** Keeps the leadership alive and carries the read round; never appends. */
export interface Heartbeat extends Envelope {
  readonly type: 'Heartbeat';
  /** Clipped by the leader to the follower's matchIndex. */
  readonly leaderCommit: LogIndex;
  /** Highest read round that this heartbeat confirms; rises for the life of a leadership. */
  readonly readSeq: number;
}

export interface HeartbeatResponse extends Envelope {
  readonly type: 'HeartbeatResponse';
  readonly readSeq: number;
}

export type Message =
  | PreVote
  | PreVoteResponse
  | RequestVote
  | RequestVoteResponse
  | AppendEntries
  | AppendEntriesResponse
  | Heartbeat
  | HeartbeatResponse;

export type MessageType = Message['type'];
