/**
 * The temporal state machine: applies log entries in order and answers queries
 * now, at a past time, and as of a past revision (docs/SPEC.md, T1 to T20).
 * A function of the entries alone: no clock, chance or locale (T19), so every
 * node that has applied the same revision gives the same answers and the same
 * hash.
 */
import { assert } from '../base/assert.ts';
import { answerChanges } from './answer-changes.ts';
import { answerQuery } from './answer-query.ts';
import { encodeRequest, parseCommand } from './command.ts';
import { DueTimes } from './due.ts';
import { hexOf, RollingHash } from './hash.ts';
import { Journal } from './journal.ts';
import { judgeWrite } from './judge-write.ts';
import { Records } from './records.ts';
import { RevisionStamps } from './revision-stamps.ts';
import { Sessions } from './sessions.ts';
import type {
  AnswerTo,
  ApplyResult,
  KvChanges,
  KvError,
  KvHeader,
  Mark,
  Query,
  QueryResult,
  Revision,
  SessionRow,
  Stamp,
  TimestampMs,
  Version,
  WriteCommand,
} from './types.ts';

/** What the store needs of a log entry. */
export interface AppliedEntry {
  readonly index: Revision;
  readonly stamp: Stamp;
  readonly kind: 'noop' | 'command' | 'confChange';
  readonly data: string;
}

/** What one entry changed, kept until storage takes it. */
interface EntryChanges {
  readonly revision: Revision;
  readonly stamp: Stamp;
  readonly hash: readonly [high: number, low: number];
  readonly versions: readonly Version[];
  readonly session: SessionRow | null;
  readonly droppedSessions: readonly string[];
}

export class KvStore {
  private readonly records = new Records();
  private readonly sessions = new Sessions();
  private readonly due = new DueTimes();
  private readonly journal = new Journal();
  private readonly stamps = new RevisionStamps();
  private hash = RollingHash.empty();
  private changes: EntryChanges[] = [];

  static empty(): KvStore {
    return new KvStore();
  }

  /** Rebuilds a saved store. `versions` and `marks` ascend by revision and together cover every revision. */
  static restore(
    header: KvHeader,
    versions: Iterable<Version>,
    marks: Iterable<Mark>,
    sessions: Iterable<SessionRow>,
  ): KvStore {
    const store = new KvStore();
    if (header.lastApplied > 0) store.add(header, versions, marks, sessions);
    return store;
  }

  private add(
    header: KvHeader,
    versions: Iterable<Version>,
    marks: Iterable<Mark>,
    sessions: Iterable<SessionRow>,
  ): void {
    const answered = [...sessions].sort((a, b) => a.stamp - b.stamp);
    this.sessions.keepOnly(answered);
    const later = answered.filter(({ stamp }) => stamp > this.lastStamp)[Symbol.iterator]();
    let session = later.next();
    const pass = (revision: Revision, stamp: Stamp): void => {
      this.moveTo(revision, stamp);
      for (; session.done !== true && session.value.stamp <= stamp; session = later.next())
        this.sessions.put(session.value);
    };
    const marked = marks[Symbol.iterator]();
    let mark = marked.next();
    const passMarks = (before: Revision): void => {
      for (; mark.done !== true && mark.value.revision < before; mark = marked.next())
        pass(mark.value.revision, mark.value.stamp);
    };
    for (const version of versions) {
      passMarks(version.revision);
      if (version.revision > this.stamps.lastRevision) pass(version.revision, version.stamp);
      this.insert(version);
    }
    passMarks(header.lastApplied + 1);
    assert(this.lastApplied === header.lastApplied, 'saved rows cover every applied revision');
    assert(this.lastStamp === header.lastStamp, 'saved rows end with the saved stamp');
    assert(session.done === true, 'no session is newer than the saved revision');
    this.hash = RollingHash.fromHex(header.stateHash);
  }

  /**
   * Goes on to a later state by its rows alone: those of the revisions after
   * `lastApplied` up to the header's, in ascending order, and all its sessions.
   */
  installSnapshot(
    header: KvHeader,
    versions: Iterable<Version>,
    marks: Iterable<Mark>,
    sessions: Iterable<SessionRow>,
  ): void {
    assert(header.lastApplied > this.lastApplied, 'a snapshot takes nothing back');
    this.changes = [];
    this.add(header, versions, marks, sessions);
  }

  get lastApplied(): Revision {
    return this.stamps.lastRevision;
  }

  get lastStamp(): Stamp {
    return this.stamps.at(this.stamps.lastRevision);
  }

  /** The present, as the log tells it (T3): ms of the last applied stamp. */
  get clusterTimeMs(): TimestampMs {
    return Math.floor(this.lastStamp / 1000);
  }

  /** Equal on every node at equal `lastApplied` (T19). */
  get stateHash(): string {
    return this.hash.hex;
  }

  /** {@link stateHash} as two numbers, for those who compare it often. */
  get stateHalves(): readonly [high: number, low: number] {
    return this.hash.halves;
  }

  /** Entries applied and not yet taken for saving. */
  get pendingChanges(): number {
    return this.changes.length;
  }

  /** Earliest instant after cluster time at which "now" may read differently; null when none. */
  nextDueMs(): TimestampMs | null {
    return this.due.nextMs;
  }

  // --- apply -----------------------------------------------------------------

  /** Applies the next entry. Errors are answers, the same on every node; nothing is half done. */
  apply(entry: AppliedEntry): ApplyResult {
    assert(entry.index === this.lastApplied + 1, 'entries are applied in order, each once');
    assert(entry.stamp > this.lastStamp, 'stamps strictly rise');
    this.moveTo(entry.index, entry.stamp);
    this.hash.number(entry.index);
    this.hash.number(entry.stamp);
    const droppedSessions = this.sessions.expire();

    const { result, versions, session } =
      entry.kind === 'command' ? this.run(entry) : nothingDone(entry);
    for (const version of versions) this.insert(version);
    if (session !== null) this.sessions.put(session);
    this.changes.push({
      revision: entry.index,
      stamp: entry.stamp,
      hash: this.hash.halves,
      versions,
      session,
      droppedSessions,
    });
    return result;
  }

  private run(entry: AppliedEntry): Done {
    const parsed = parseCommand(entry.data);
    if (!parsed.ok) return refusal({ code: 'BAD_COMMAND', message: parsed.error });
    const command = parsed.value;
    if (command.op === 'tick') return nothingDone(entry);
    const request = hashOfRequest(command);
    if (command.session === undefined) return this.write(entry, command, request);
    const verdict = this.sessions.judge(command.session, request.safeInteger);
    if (verdict.is === 'repeat')
      return { result: verdict.result, versions: NOTHING, session: null };
    if (verdict.is === 'stale') {
      return refusal({
        code: 'SESSION_STALE',
        message: `sequence ${command.session.sequence} is older than ${verdict.last}, the last one answered; nothing was done`,
      });
    }
    if (verdict.is === 'reused') {
      return refusal({
        code: 'SESSION_STALE',
        message: `sequence ${command.session.sequence} stands for another write; this one was not done`,
      });
    }
    return this.write(entry, command, request);
  }

  /** Does a write that is new, and puts what came of it into the hash. */
  private write(entry: AppliedEntry, command: WriteCommand, request: RollingHash): Done {
    const judged = judgeWrite(this.records, this.stamps, entry, command);
    // What comes too early may come again under the same name.
    if (!judged.ok && judged.error.code === 'REVISION_NOT_YET') return refusal(judged.error);
    this.hash.include(request);
    const versions = judged.ok ? judged.value.versions : NOTHING;
    this.hash.number(versions.length);
    // The request of one that says it all need not be told twice.
    const saysAll = command.op === 'set' || command.op === 'delete';
    for (const version of versions) this.hashVersion(version, saysAll);
    const result: ApplyResult = judged.ok
      ? {
          ok: true,
          revision: versions.length === 0 ? null : entry.index,
          timestamp: judged.value.timestamp,
          stamp: entry.stamp,
          outcome: judged.value.outcome,
        }
      : { ok: false, error: judged.error };
    if (command.session === undefined) return { result, versions, session: null };
    const { client, sequence } = command.session;
    this.hash.text(client);
    this.hash.number(sequence);
    const asked = request.safeInteger;
    const session = { client, sequence, asked, stamp: entry.stamp, result };
    return { result, versions, session };
  }

  private hashVersion({ key, field, timestamp, value, expiresAt }: Version, brief: boolean): void {
    this.hash.number(timestamp);
    this.hash.number(expiresAt ?? -1);
    if (brief) return;
    this.hash.text(key);
    this.hash.text(field);
    this.hash.text(typeof value === 'string' ? value : JSON.stringify(value));
  }

  /** Time moves on, before anything of the revision is done. */
  private moveTo(revision: Revision, stamp: Stamp): void {
    this.stamps.add(revision, stamp);
    this.sessions.advance(stamp);
    const now = this.clusterTimeMs;
    for (let due = this.due.takeUntil(now); due !== null; due = this.due.takeUntil(now))
      this.journal.pass(revision, due);
  }

  private insert(version: Version): void {
    const { field, held } = this.records.add(version);
    this.journal.wrote(field, held);
    const { timestamp, expiresAt } = version;
    const now = this.clusterTimeMs;
    if (timestamp > now) this.due.add({ at: timestamp, field, version: held });
    if (expiresAt !== null && expiresAt > now)
      this.due.add({ at: expiresAt, field, version: held });
  }

  // --- saving ----------------------------------------------------------------

  /**
   * What storage must add to hold the state at some revision: all of it, or the
   * oldest `maxEntries` entries' worth, always cut between entries. Null when
   * there is nothing.
   */
  takeChanges(maxEntries: number): KvChanges | null {
    if (this.changes.length === 0) return null;
    const taken = this.changes.splice(0, maxEntries);
    const last = taken[taken.length - 1] as EntryChanges;
    const versions: Version[] = [];
    const marks: Mark[] = [];
    const sessions = new Map<string, SessionRow>();
    const dropped = new Set<string>();
    for (const { revision, stamp, versions: written, session, droppedSessions } of taken) {
      if (written.length === 0) marks.push({ revision, stamp });
      for (const version of written) versions.push(version);
      for (const client of droppedSessions) {
        sessions.delete(client);
        dropped.add(client);
      }
      if (session !== null) {
        dropped.delete(session.client);
        sessions.set(session.client, session);
      }
    }
    return {
      lastApplied: last.revision,
      lastStamp: last.stamp,
      stateHash: hexOf(...last.hash),
      versions,
      marks,
      sessions: [...sessions.values()],
      droppedSessions: [...dropped],
    };
  }

  // --- queries ---------------------------------------------------------------

  /** Answers from the state as it stands; a revision beyond it is REVISION_NOT_YET. */
  query<Asked extends Query>(query: Asked): QueryResult<Asked> {
    const asOf = latestRevisionOf(query);
    if (asOf > this.lastApplied) {
      return {
        ok: false,
        error: {
          code: 'REVISION_NOT_YET',
          message: `revision ${asOf} is not reached here; the latest is ${this.lastApplied}`,
        },
      };
    }
    const answer =
      query.type === 'changes'
        ? answerChanges(this.journal, this.stamps, query)
        : answerQuery(this.records, this.stamps, query);
    return { ok: true, answer: answer as AnswerTo<Asked> };
  }
}

/** 0 when it names none. */
function latestRevisionOf(query: Query): Revision {
  switch (query.type) {
    case 'diff':
      return Math.max(query.before.asOf ?? 0, query.after.asOf ?? 0);
    case 'changes':
      return query.after;
    default:
      return query.asOf ?? 0;
  }
}

/** What came of one entry. */
interface Done {
  readonly result: ApplyResult;
  readonly versions: readonly Version[];
  readonly session: SessionRow | null;
}

const NOTHING: readonly Version[] = [];

/** What tells one write from another, but for the session under which it comes. */
function hashOfRequest(command: WriteCommand): RollingHash {
  const hash = RollingHash.empty();
  if ((command.op === 'set' && typeof command.value === 'string') || command.op === 'delete') {
    hash.text(command.op);
    hash.text(command.key);
    hash.text(command.field);
    hash.number(command.timestamp ?? -1);
    if (command.op === 'set') {
      hash.number(command.ttl ?? -1);
      hash.text(command.value as string);
    }
  } else hash.text(encodeRequest(command));
  return hash;
}

function nothingDone({ stamp }: AppliedEntry): Done {
  const timestamp = Math.floor(stamp / 1000);
  const outcome = { op: 'tick' } as const;
  return {
    result: { ok: true, revision: null, timestamp, stamp, outcome },
    versions: NOTHING,
    session: null,
  };
}

/** An answer of no consequence: not even the session remembers it. */
function refusal(error: KvError): Done {
  return { result: { ok: false, error }, versions: NOTHING, session: null };
}
