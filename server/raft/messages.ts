/**
 * What nodes say to each other (Figure 2, plus pre-vote of dissertation §9.6
 * and the read round of §6.4). Plain data: a transport may clone or encode it.
 * Every message carries its sender's term.
 */
import type { Entry, LogIndex, NodeId, SnapshotEnd, Term } from './types.ts';

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
  /** The leader itself asked for this election: its followers need not protect it (dissertation §3.10). */
  readonly transfer: boolean;
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

/**
 * A piece of a snapshot (§7). Rows are cut by revision, not by byte: what a
 * follower has applied is a prefix of every leader's state, so it gets only
 * what it lacks, and goes on with any leader where another left off. A piece
 * with neither rows nor end asks how far the follower has come.
 */
export interface InstallSnapshot extends Envelope {
  readonly type: 'InstallSnapshot';
  /** `rows` are those of revisions in (after, upTo]. */
  readonly after: LogIndex;
  readonly upTo: LogIndex;
  /** Opaque to the core; carries its own checksum. */
  readonly rows: string;
  readonly end: SnapshotEnd | null;
}

export interface InstallSnapshotResponse extends Envelope {
  readonly type: 'InstallSnapshotResponse';
  /** Rows are durable at the follower up to here. */
  readonly upTo: LogIndex;
  /** The follower's log matches the leader's up to here; 0 while the snapshot is not installed. */
  readonly matchIndex: LogIndex;
}

/** A follower asks up to where it must apply before it answers a read (dissertation §6.4). */
export interface ReadIndex extends Envelope {
  readonly type: 'ReadIndex';
  /** Names the question, never used twice: a late answer must not pass for a fresh one. */
  readonly token: number;
}

export interface ReadIndexResponse extends Envelope {
  readonly type: 'ReadIndexResponse';
  readonly token: number;
  /** Covers all that was acknowledged when the question came, by a round or under a lease; null: it could not be told. */
  readonly index: LogIndex | null;
}

/** Campaign now: the leader hands over (dissertation §3.10). */
export interface TimeoutNow extends Envelope {
  readonly type: 'TimeoutNow';
}

export type Message =
  | PreVote
  | PreVoteResponse
  | RequestVote
  | RequestVoteResponse
  | AppendEntries
  | AppendEntriesResponse
  | Heartbeat
  | HeartbeatResponse
  | InstallSnapshot
  | InstallSnapshotResponse
  | TimeoutNow
  | ReadIndex
  | ReadIndexResponse;

export type MessageType = Message['type'];
