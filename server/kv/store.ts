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
import type { FieldVersions } from './field-versions.ts';
import { RollingHash } from './hash.ts';
import { Journal } from './journal.ts';
import {
  AGE_AFTER_MICROS,
  compactByAge,
  compactByNumber,
  COUNT_AFTER_MICROS,
  keepOnly,
  nextStep,
  NOTHING_FORGOTTEN,
} from './compaction.ts';
import type { Forgotten } from './compaction.ts';
import { Compacted, compacted, horizonOf, outOfReach } from './horizon.ts';
import { judgeWrite } from './judge-write.ts';
import { PendingChanges } from './pending-changes.ts';
import { Records } from './records.ts';
import { RevisionStamps } from './revision-stamps.ts';
import { Sessions } from './sessions.ts';
import type { SessionLimits } from './sessions.ts';
import { timelineOf } from './timeline.ts';
import { KEEP_ALL } from './types.ts';
import type { AnswerTo, Query, QueryAnswer, QueryResult, RetentionAnswer } from './queries.ts';
import type {
  ApplyResult,
  Compaction,
  FieldFloor,
  Horizon,
  KeptVersions,
  KvChanges,
  KvError,
  KvHeader,
  Mark,
  RetentionPolicy,
  Revision,
  SessionRow,
  Stamp,
  TimestampMs,
  Version,
  VersionPlace,
  WriteCommand,
} from './types.ts';
import type { VersionPack } from './version-pack.ts';
import { VersionTable } from './version-table.ts';
import type { Row } from './version-table.ts';

/** What the store needs of a log entry. */
export interface AppliedEntry {
  readonly index: Revision;
  readonly stamp: Stamp;
  readonly kind: 'noop' | 'command' | 'confChange';
  readonly data: string;
}

export class KvStore {
  private readonly table = new VersionTable();
  private readonly records = new Records(this.table);
  private readonly sessions: Sessions;
  private readonly due = new DueTimes();
  private readonly journal = new Journal(this.table);
  private readonly stamps = new RevisionStamps();
  private readonly timeline = timelineOf(this.stamps, this.table);
  private retention = KEEP_ALL;
  private hash = RollingHash.empty();
  private readonly pending = new PendingChanges();

  private constructor(limits?: SessionLimits) {
    this.sessions = new Sessions(limits);
  }

  /** `limits` other than the usual ones, the same on all nodes: tests only. */
  static empty(limits?: SessionLimits): KvStore {
    return new KvStore(limits);
  }

  /** Rebuilds a saved store. `versions` and `marks` ascend by revision and together cover every revision after the horizon. */
  static restore(header: KvHeader, rows: StoredRows, limits?: SessionLimits): KvStore {
    const store = new KvStore(limits);
    if (header.lastApplied > 0) store.add(header, rows);
    return store;
  }

  private add(
    { lastApplied, lastStamp, stateHash, sessionClock, retention }: KvHeader,
    { versions, marks, floors, sessions }: StoredRows,
  ): void {
    const { horizon } = retention;
    if (horizon.revision > this.lastApplied) {
      this.stamps.startAt(horizon);
      this.passDue();
    } else this.stamps.forgetBefore(horizon.revision);
    const marked = marks[Symbol.iterator]();
    let mark = marked.next();
    const passMarks = (before: Revision): void => {
      for (; mark.done !== true && mark.value.revision < before; mark = marked.next())
        if (mark.value.revision > this.lastApplied) this.moveTo(mark.value);
    };
    for (const { columns, names } of versions) {
      this.table.adopt(columns);
      for (let row = 0; row < columns.length; row++) {
        const revision = columns.revision(row);
        passMarks(revision);
        if (revision > this.lastApplied) this.moveTo({ revision, stamp: columns.stamp(row) });
        const field = this.records.make(names[2 * row] as string, names[2 * row + 1] as string);
        this.place(field, this.table.give(field));
      }
    }
    passMarks(lastApplied + 1);
    assert(this.lastApplied === lastApplied, 'saved rows cover every applied revision');
    assert(this.lastStamp === lastStamp, 'saved rows end with the saved stamp');
    for (const { key, field, oldest } of floors) this.records.field(key, field)?.setOldest(oldest);
    this.retention = retention;
    this.sessions.load(sessions, sessionClock, lastStamp);
    this.hash = RollingHash.fromHex(stateHash);
  }

  /**
   * Goes on to a later state: by its versions and marks after `lastApplied`,
   * some of which may be forgotten by then, what is `kept` of all versions, and
   * all that is not cut by revision.
   */
  installSnapshot(header: KvHeader, rows: StoredRows, kept: KeptVersions): void {
    assert(header.lastApplied > this.lastApplied, 'a snapshot takes nothing back');
    this.pending.clear();
    for (const field of this.records.all()) field.setOldest(null);
    this.add(header, rows);
    const { records, table } = this;
    keepOnly({ records, table }, kept);
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

  /** Versions that are kept: the newest and the older ones of all fields, deletions included. */
  get versionCount(): number {
    return this.table.count;
  }

  /** Keys that have a version, deleted ones included. */
  get keyCount(): number {
    return this.records.size;
  }

  /** Entries applied and not yet taken for saving. */
  get pendingChanges(): number {
    return this.pending.count;
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
    this.moveTo({ revision: entry.index, stamp: entry.stamp });
    this.sessions.advance(entry.stamp);
    this.hash.number(entry.index);
    this.hash.number(entry.stamp);
    const droppedSessions = this.sessions.expire();

    const { result, versions, session, forgotten } =
      entry.kind === 'command' ? this.run(entry) : nothingDone(entry);
    for (const version of versions) this.insert(version);
    if (session !== null) this.sessions.put(session);
    this.pending.add({
      revision: entry.index,
      stamp: entry.stamp,
      hash: this.hash.halves,
      sessionClock: this.sessions.clock,
      retention: this.retention,
      versions,
      forgotten,
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
    if (command.op === 'compact') return this.compact(entry, command);
    if (command.op === 'session') return this.openSession(entry);
    const request = hashOfRequest(command);
    if (command.session === undefined) return this.write(entry, command, request);
    const verdict = this.sessions.judge(command.session, request.safeInteger);
    if (verdict.is === 'repeat') return doneBy(verdict.result, NOTHING, null);
    if (verdict.is === 'closed') {
      return refusal({
        code: 'SESSION_EXPIRED',
        message: `session ${command.session.client} is not open: it has ended, or never was. This was not done; whether an earlier attempt of the same write was cannot be told any more. Open a new session`,
      });
    }
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

  private openSession({ index, stamp }: AppliedEntry): Done {
    const client = Sessions.nameOf({ index, stamp });
    this.hash.text(client);
    const result: ApplyResult = {
      ok: true,
      revision: index,
      timestamp: Math.floor(stamp / 1000),
      stamp,
      outcome: { op: 'session', client, idleMs: this.sessions.idleMs },
    };
    const { clock } = this.sessions;
    const session = { client, sequence: 0, asked: 0, stamp, clock, result };
    return doneBy(result, NOTHING, session);
  }

  /** Does a write that is new, and puts what came of it into the hash. */
  private write(entry: AppliedEntry, command: WriteCommand, request: RollingHash): Done {
    const { records, timeline } = this;
    const judged = judgeWrite({ records, timeline, horizon: this.horizon }, entry, command);
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
    if (command.op === 'retention' && judged.ok) this.setPolicy(command);
    if (command.session === undefined) return doneBy(result, versions, null);
    const { client, sequence } = command.session;
    this.hash.text(client);
    this.hash.number(sequence);
    const asked = request.safeInteger;
    const { clock } = this.sessions;
    const session = { client, sequence, asked, stamp: entry.stamp, clock, result };
    return doneBy(result, versions, session);
  }

  private setPolicy({ maxAgeMs, maxVersions }: RetentionPolicy): void {
    const before = this.retention;
    // Another number: all is to be counted again.
    const counted = maxVersions === before.policy.maxVersions ? before.counted : 0;
    this.retention = { ...before, counted, policy: { maxAgeMs, maxVersions } };
  }

  /** A step that is not ahead of what was done before, or not allowed any more, does nothing. */
  private compact(entry: AppliedEntry, { by, asOf }: Compaction): Done {
    const { records, table, journal, timeline, retention } = this;
    const kept = { records, table, journal, timeline };
    const { policy, horizon, counted } = retention;
    if (asOf >= entry.index) return nothingDone(entry);
    const to = { revision: asOf, stamp: this.timeline.at(asOf) };
    let forgotten: Forgotten;
    if (by === 'age') {
      if (policy.maxAgeMs === null || asOf <= horizon.revision) return nothingDone(entry);
      [this.retention, forgotten] = compactByAge(kept, retention, to);
      this.stamps.forgetBefore(asOf);
    } else {
      const most = policy.maxVersions;
      if (most === null || asOf <= counted) return nothingDone(entry);
      [this.retention, forgotten] = compactByNumber(kept, retention, to, most);
    }
    this.hash.text(by);
    this.hash.number(asOf);
    return { ...nothingDone(entry), forgotten };
  }

  /**
   * The next step of carrying out the policy, for a leader whose clock says
   * `nowMicros`; `isFull` when there may be more to do at once. Null when
   * nothing would be forgotten, or nothing older than `ageAfterMicros`.
   */
  nextCompaction(
    nowMicros: Stamp,
    ageAfterMicros = AGE_AFTER_MICROS,
  ): { readonly step: Compaction; readonly isFull: boolean } | null {
    const { policy, horizon, counted } = this.retention;
    const { maxAgeMs, maxVersions } = policy;
    return (
      (maxAgeMs === null
        ? null
        : this.stepUntil(
            'age',
            horizon.revision,
            nowMicros - Math.max(maxAgeMs * 1000, ageAfterMicros),
          )) ??
      (maxVersions === null
        ? null
        : this.stepUntil('versions', counted, nowMicros - COUNT_AFTER_MICROS))
    );
  }

  private stepUntil(
    by: Compaction['by'],
    from: Revision,
    stamp: Stamp,
  ): { readonly step: Compaction; readonly isFull: boolean } | null {
    const upTo = this.stamps.lastUntil(stamp);
    const next = upTo === null ? null : nextStep(this.journal, from, upTo);
    if (next === null) return null;
    return { step: { op: 'compact', by, asOf: next.asOf }, isFull: next.isFull };
  }

  get hasPolicy(): boolean {
    const { maxAgeMs, maxVersions } = this.retention.policy;
    return maxAgeMs !== null || maxVersions !== null;
  }

  /** Nothing before it can be asked for. */
  private get horizon(): Horizon {
    return horizonOf(this.retention.horizon);
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
  private moveTo({ revision, stamp }: Mark): void {
    this.stamps.add(revision, stamp);
    this.passDue();
  }

  private passDue(): void {
    const now = this.clusterTimeMs;
    for (let due = this.due.takeUntil(now); due !== null; due = this.due.takeUntil(now))
      this.journal.pass(this.lastApplied, due);
  }

  private insert(version: Version): void {
    const field = this.records.make(version.key, version.field);
    this.place(field, this.table.add(version, field));
  }

  private place(field: FieldVersions, row: Row): void {
    field.insert(row);
    const now = this.clusterTimeMs;
    const version = this.table.version(row);
    const { timestamp, expiresAt } = version;
    if (timestamp > now) this.due.add({ at: timestamp, field, version: placeOf(version) });
    if (expiresAt !== null && expiresAt > now)
      this.due.add({ at: expiresAt, field, version: placeOf(version) });
  }

  // --- saving ----------------------------------------------------------------

  /**
   * What storage must add to hold the state at some revision: all of it, or the
   * oldest `maxEntries` entries' worth, always cut between entries. Null when
   * there is nothing.
   */
  takeChanges(maxEntries: number): KvChanges | null {
    return this.pending.take(maxEntries);
  }

  // --- queries ---------------------------------------------------------------

  /** Answers from the state as it stands: REVISION_NOT_YET for a revision beyond it, COMPACTED for what is forgotten. */
  query<Asked extends Query>(query: Asked): QueryResult<Asked> {
    const wrong = outOfReach(query, this.lastApplied, this.retention);
    if (wrong !== null) return { ok: false, error: wrong };
    try {
      return { ok: true, answer: this.answer(query) as AnswerTo<Asked> };
    } catch (error) {
      if (error instanceof Compacted) return { ok: false, error: compacted(error.horizon) };
      throw error;
    }
  }

  private answerRetention(): RetentionAnswer {
    const { policy, horizon, watchable } = this.retention;
    return {
      type: 'retention',
      policy,
      horizon: horizon.revision === 0 ? null : horizonOf(horizon),
      watchableAfter: watchable.revision,
    };
  }

  private answer(query: Query): QueryAnswer {
    const { records, journal, timeline, horizon } = this;
    switch (query.type) {
      case 'changes':
        return answerChanges(journal, timeline, horizon, query);
      case 'retention':
        return this.answerRetention();
      default:
        return answerQuery(records, timeline, horizon, query);
    }
  }
}

/** A saved state; versions and marks ascend by revision. */
export interface StoredRows {
  readonly versions: Iterable<VersionPack>;
  readonly marks: Iterable<Mark>;
  readonly floors: Iterable<FieldFloor>;
  readonly sessions: Iterable<SessionRow>;
}

/** Rows may change, and with them the columns. */
function placeOf({ timestamp, revision, op }: VersionPlace): VersionPlace {
  return { timestamp, revision, op };
}

/** What came of one entry. */
interface Done {
  readonly result: ApplyResult;
  readonly versions: readonly Version[];
  readonly session: SessionRow | null;
  readonly forgotten: Forgotten;
}

const NOTHING: readonly Version[] = [];

function doneBy(
  result: ApplyResult,
  versions: readonly Version[],
  session: SessionRow | null,
): Done {
  return { result, versions, session, forgotten: NOTHING_FORGOTTEN };
}

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
  return doneBy({ ok: true, revision: null, timestamp, stamp, outcome }, NOTHING, null);
}

/** An answer of no consequence: not even the session remembers it. */
function refusal(error: KvError): Done {
  return doneBy({ ok: false, error }, NOTHING, null);
}
