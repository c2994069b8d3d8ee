/**
 * Is this a message? What comes from outside is believed only once it has passed
 * here: it has the shape of its type, its numbers are numbers and stand to each
 * other as Figure 2 and the invariants of a log demand, so that the core's
 * assertions are about the core. Whether its sender tells the truth cannot be seen
 * here: Raft trusts its members.
 *
 * Each entry of an append is looked at once, in one loop and without copies:
 * some nanoseconds, where storing it costs some microseconds.
 */
import type { AppendEntries, Message, MessageType } from './messages.ts';
import type { ConfState, SnapshotEnd } from './types.ts';

/** Entries in one append, far more than any leader sends. */
const MAX_ENTRIES = 65_536;
/** Rows of one revision at their largest, escaped, fit: UTF-16 units. */
const MAX_ROWS_CHARS = 256 * 1024 * 1024;
const MAX_ID_CHARS = 256;

/** A message that nobody has looked at. */
type Claim<M> = { readonly [K in keyof M]?: unknown };

/** The message that `value` is; null when it is none. Never throws. */
export function parseMessage(value: unknown): Message | null {
  if (!isObject(value)) return null;
  const claim: Claim<Message> = value;
  if (!isId(claim.from) || !isId(claim.to) || !isCount(claim.term)) return null;
  const { type } = claim;
  if (typeof type !== 'string' || !Object.hasOwn(HAS_SHAPE, type)) return null;
  const hasShape: (claim: never) => boolean = HAS_SHAPE[type as MessageType];
  return hasShape(value as never) ? (value as unknown as Message) : null;
}

/** What each type has besides its envelope, which was looked at before. */
const HAS_SHAPE: {
  readonly [T in MessageType]: (claim: Claim<Extract<Message, { type: T }>>) => boolean;
} = {
  PreVote: ({ term, nextTerm, lastLogIndex, lastLogTerm }) =>
    isCount(nextTerm) &&
    nextTerm === Number(term) + 1 &&
    isPlace(lastLogIndex, lastLogTerm) &&
    Number(lastLogTerm) <= Number(term),
  PreVoteResponse: ({ nextTerm, granted }) => isPositive(nextTerm) && isBoolean(granted),
  RequestVote: ({ term, lastLogIndex, lastLogTerm, transfer }) =>
    isPlace(lastLogIndex, lastLogTerm) && Number(lastLogTerm) < Number(term) && isBoolean(transfer),
  RequestVoteResponse: ({ term, granted }) => isPositive(term) && isBoolean(granted),
  AppendEntries: isAppend,
  AppendEntriesResponse: ({ term, success, index, conflictIndex, conflictTerm }) =>
    isPositive(term) &&
    isBoolean(success) &&
    isCount(index) &&
    isCount(conflictIndex) &&
    isCount(conflictTerm),
  Heartbeat: ({ term, leaderCommit, readSeq }) =>
    isPositive(term) && isCount(leaderCommit) && isCount(readSeq),
  HeartbeatResponse: ({ term, readSeq }) => isPositive(term) && isCount(readSeq),
  InstallSnapshot: ({ term, after, upTo, rows, end }) =>
    isPositive(term) &&
    isCount(after) &&
    isCount(upTo) &&
    after <= upTo &&
    typeof rows === 'string' &&
    rows.length <= MAX_ROWS_CHARS &&
    (end === null || isSnapshotEnd(end, Number(term))),
  InstallSnapshotResponse: ({ term, upTo, matchIndex }) =>
    isPositive(term) && isCount(upTo) && isCount(matchIndex),
  TimeoutNow: ({ term }) => isPositive(term),
  ReadIndex: ({ token }) => isCount(token),
  ReadIndexResponse: ({ token, index }) => isCount(token) && (index === null || isCount(index)),
};

/** Entries follow each other and what stands before them: no hole, terms that never fall, stamps that rise. */
function isAppend(claim: Claim<AppendEntries>): boolean {
  const { term, prevLogIndex, prevLogTerm, entries, leaderCommit } = claim;
  if (!isPositive(term) || !isCount(leaderCommit)) return false;
  if (!isCount(prevLogIndex) || !isPlace(prevLogIndex, prevLogTerm)) return false;
  if (!Array.isArray(entries) || entries.length > MAX_ENTRIES) return false;
  let index = prevLogIndex;
  let lastTerm = prevLogTerm as number;
  let lastStamp = -1;
  for (const entry of entries as readonly unknown[]) {
    if (!isObject(entry)) return false;
    const {
      index: at,
      term: of,
      stamp,
      kind,
      data,
    }: Claim<AppendEntries['entries'][number]> = entry;
    if (at !== ++index) return false;
    if (!isPositive(of) || of < lastTerm) return false;
    if (!isCount(stamp) || stamp <= lastStamp) return false;
    if (typeof data !== 'string') return false;
    if (kind !== 'command' && kind !== 'noop' && !(kind === 'confChange' && isConfText(data)))
      return false;
    lastTerm = of;
    lastStamp = stamp;
  }
  return lastTerm <= term && Number.isSafeInteger(index);
}

function isSnapshotEnd(value: unknown, term: number): boolean {
  if (!isObject(value)) return false;
  const { base, state }: Claim<SnapshotEnd> = value;
  if (!isObject(base) || typeof state !== 'string') return false;
  const { index, term: of, stamp, conf }: Claim<SnapshotEnd['base']> = base;
  return isPositive(index) && isPositive(of) && of <= term && isCount(stamp) && isConf(conf);
}

function isConfText(data: string): boolean {
  try {
    return isConf(JSON.parse(data));
  } catch {
    return false;
  }
}

function isConf(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { voters, votersOutgoing, learners }: Claim<ConfState> = value;
  return isIds(voters) && voters.length > 0 && isIds(votersOutgoing) && isIds(learners);
}

function isIds(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isId);
}

/** A position in a log: before the first entry both are 0, and nowhere else either is. */
function isPlace(index: unknown, term: unknown): boolean {
  return isCount(index) && isCount(term) && (index === 0) === (term === 0);
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_ID_CHARS;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPositive(value: unknown): value is number {
  return isCount(value) && value > 0;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
