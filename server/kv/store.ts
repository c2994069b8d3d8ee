/**
 * The temporal state machine: applies log entries in order and answers queries
 * now, at a past time, and as of a past revision (docs/SPEC.md, T1 to T20).
 * A function of the entries alone: no clock, chance or locale (T19), so every
 * node that has applied the same revision gives the same answers and the same
 * hash.
 */
import { assert } from '../base/assert.ts';
import { compareBytes, lowerBound } from './bytes-order.ts';
import { parseCommand } from './command.ts';
import { DueTimes } from './due.ts';
import { FieldVersions } from './field-versions.ts';
import { hexOf, RollingHash } from './hash.ts';
import { RevisionStamps } from './revision-stamps.ts';
import { Sessions } from './sessions.ts';
import { MAX_TIMESTAMP_MS } from './types.ts';
import type {
  ApplyResult,
  Command,
  Coordinates,
  KvChanges,
  KvError,
  KvHeader,
  Mark,
  Query,
  QueryAnswer,
  QueryResult,
  Revision,
  SessionRow,
  Stamp,
  TimestampMs,
  Version,
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
  readonly version: Version | null;
  readonly session: SessionRow | null;
  readonly droppedSessions: readonly string[];
}

type WriteCommand = Exclude<Command, { op: 'tick' }>;

export class KvStore {
  private readonly records = new Map<string, Map<string, FieldVersions>>();
  /** Keys in byte order; new ones wait in `newKeys` until someone lists. */
  private sortedKeys: string[] = [];
  private newKeys: string[] = [];
  private readonly sessions = new Sessions();
  private readonly due = new DueTimes();
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
    const clusterTime = Math.floor(header.lastStamp / 1000);
    const answered = [...sessions].sort((a, b) => a.stamp - b.stamp);
    this.sessions.keepOnly(answered);
    const later = answered.filter(({ stamp }) => stamp > this.lastStamp)[Symbol.iterator]();
    let session = later.next();
    const pass = (revision: Revision, stamp: Stamp): void => {
      this.stamps.add(revision, stamp);
      this.sessions.advance(stamp);
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
      this.insert(version, clusterTime);
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
    return this.due.nextAfter(this.clusterTimeMs);
  }

  // --- apply -----------------------------------------------------------------

  /** Applies the next entry. Errors are answers, the same on every node; nothing is half done. */
  apply(entry: AppliedEntry): ApplyResult {
    assert(entry.index === this.lastApplied + 1, 'entries are applied in order, each once');
    assert(entry.stamp > this.lastStamp, 'stamps strictly rise');
    this.stamps.add(entry.index, entry.stamp);
    this.hash.number(entry.index);
    this.hash.number(entry.stamp);
    this.sessions.advance(entry.stamp);
    const droppedSessions = this.sessions.expire();

    const { result, version, session } =
      entry.kind === 'command' ? this.run(entry) : nothingDone(entry);
    if (version !== null) this.insert(version, this.clusterTimeMs);
    if (session !== null) this.sessions.put(session);
    this.changes.push({
      revision: entry.index,
      stamp: entry.stamp,
      hash: this.hash.halves,
      version,
      session,
      droppedSessions,
    });
    return result;
  }

  private run(entry: AppliedEntry): Outcome {
    const parsed = parseCommand(entry.data);
    if (!parsed.ok) return refusal({ code: 'BAD_COMMAND', message: parsed.error });
    const command = parsed.value;
    if (command.op === 'tick') return nothingDone(entry);
    const request = hashOfRequest(command);
    if (command.session === undefined) return this.write(entry, command, request);
    const verdict = this.sessions.judge(command.session, request.safeInteger);
    if (verdict.is === 'repeat') return { result: verdict.result, version: null, session: null };
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
  private write(entry: AppliedEntry, command: WriteCommand, request: RollingHash): Outcome {
    const { result, version } = this.judge(entry, command);
    this.hash.include(request);
    this.hash.number(version === null ? 0 : 1);
    if (result.ok) this.hash.number(result.existed ? 1 : 0);
    if (version !== null) {
      this.hash.number(version.timestamp);
      this.hash.number(version.expiresAt ?? -1);
    }
    if (command.session === undefined) return { result, version, session: null };
    const { client, sequence } = command.session;
    this.hash.text(client);
    this.hash.number(sequence);
    const asked = request.safeInteger;
    const session = { client, sequence, asked, stamp: entry.stamp, result };
    return { result, version, session };
  }

  /** What a write comes to: its answer, and the version that it adds, if any. */
  private judge(entry: AppliedEntry, command: WriteCommand): Omit<Outcome, 'session'> {
    const timestamp = command.timestamp ?? Math.floor(entry.stamp / 1000);
    const held = this.records.get(command.key)?.get(command.field);
    const existed = held?.isPresent(timestamp, entry.index) ?? false;
    if (command.op === 'delete' && !existed) {
      return { result: accepted(entry, null, timestamp, false), version: null };
    }
    const ttl = command.op === 'set' ? command.ttl : undefined;
    const expiresAt = ttl === undefined ? null : timestamp + ttl;
    if (expiresAt !== null && expiresAt > MAX_TIMESTAMP_MS) {
      const message = 'the value would hold beyond the year 9999';
      return { result: refused({ code: 'OUT_OF_RANGE', message }), version: null };
    }
    const version: Version = {
      key: command.key,
      field: command.field,
      timestamp,
      revision: entry.index,
      op: 0,
      kind: command.op,
      value: command.op === 'set' ? command.value : null,
      expiresAt,
      stamp: entry.stamp,
    };
    return { result: accepted(entry, entry.index, timestamp, existed), version };
  }

  private insert(version: Version, clusterTime: TimestampMs): void {
    let record = this.records.get(version.key);
    if (record === undefined) {
      record = new Map();
      this.records.set(version.key, record);
      this.newKeys.push(version.key);
    }
    let field = record.get(version.field);
    if (field === undefined) {
      field = new FieldVersions();
      record.set(version.field, field);
    }
    field.add(version);
    if (version.timestamp > clusterTime) this.due.add(version.timestamp);
    if (version.expiresAt !== null && version.expiresAt > clusterTime)
      this.due.add(version.expiresAt);
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
    for (const { revision, stamp, version, session, droppedSessions } of taken) {
      if (version === null) marks.push({ revision, stamp });
      else versions.push(version);
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

  /** Answers from the state as it stands; `asOf` beyond it is REVISION_NOT_YET. */
  query(query: Query): QueryResult {
    const asOf = query.asOf ?? this.lastApplied;
    if (asOf > this.lastApplied) {
      return {
        ok: false,
        error: {
          code: 'REVISION_NOT_YET',
          message: `revision ${asOf} is not reached here; the latest is ${this.lastApplied}`,
        },
      };
    }
    return { ok: true, answer: this.answer(query, asOf) };
  }

  private answer(query: Query, asOf: Revision): QueryAnswer {
    const present = Math.floor(this.stamps.at(asOf) / 1000);
    if (query.type === 'history') {
      const field = this.records.get(query.key)?.get(query.field);
      return {
        type: 'history',
        asOf,
        clusterTime: present,
        versions: field?.history(query.from ?? 0, query.to ?? MAX_TIMESTAMP_MS, asOf) ?? [],
      };
    }
    const at = (query satisfies Coordinates).at ?? present;
    switch (query.type) {
      case 'get': {
        const choice = this.records.get(query.key)?.get(query.field)?.choose(at, asOf);
        if (choice === undefined)
          return { type: 'get', at, asOf, found: null, absentBecause: 'never' };
        return 'found' in choice
          ? { type: 'get', at, asOf, found: choice.found, absentBecause: null }
          : { type: 'get', at, asOf, found: null, absentBecause: choice.absentBecause };
      }
      case 'scan':
        return {
          type: 'scan',
          at,
          asOf,
          fields: this.scan(query.key, query.prefix ?? '', at, asOf),
        };
      case 'keys':
        return { type: 'keys', at, asOf, ...this.listKeys(query, at, asOf) };
    }
  }

  private scan(key: string, prefix: string, at: TimestampMs, asOf: Revision) {
    const fields = [];
    for (const [field, versions] of this.records.get(key) ?? []) {
      if (!field.startsWith(prefix)) continue;
      const choice = versions.choose(at, asOf);
      if ('found' in choice) fields.push({ field, ...choice.found });
    }
    return fields.sort((a, b) => compareBytes(a.field, b.field));
  }

  private listKeys(query: Extract<Query, { type: 'keys' }>, at: TimestampMs, asOf: Revision) {
    this.sortNewKeys();
    const prefix = query.prefix ?? '';
    const start = query.start ?? '';
    const keys: { key: string; fields: number }[] = [];
    const first = compareBytes(start, prefix) > 0 ? start : prefix;
    for (let i = lowerBound(this.sortedKeys, first); i < this.sortedKeys.length; i++) {
      const key = this.sortedKeys[i] as string;
      if (!key.startsWith(prefix)) break;
      let fields = 0;
      for (const versions of this.records.get(key)?.values() ?? []) {
        if (versions.isPresent(at, asOf)) fields++;
      }
      if (fields === 0) continue;
      if (keys.length === query.limit) return { keys, next: key };
      keys.push({ key, fields });
    }
    return { keys, next: null };
  }

  /** Merges the keys that came since the last listing: cheap when few are new. */
  private sortNewKeys(): void {
    if (this.newKeys.length === 0) return;
    const added = this.newKeys.sort(compareBytes);
    this.newKeys = [];
    const merged: string[] = [];
    let i = 0;
    for (const key of this.sortedKeys) {
      while (i < added.length && compareBytes(added[i] as string, key) < 0)
        merged.push(added[i++] as string);
      merged.push(key);
    }
    while (i < added.length) merged.push(added[i++] as string);
    this.sortedKeys = merged;
  }
}

/** What came of one entry. */
interface Outcome {
  readonly result: ApplyResult;
  readonly version: Version | null;
  readonly session: SessionRow | null;
}

/** What tells one write from another, but for the session under which it comes. */
function hashOfRequest(command: WriteCommand): RollingHash {
  const hash = RollingHash.empty();
  hash.text(command.op);
  hash.text(command.key);
  hash.text(command.field);
  hash.number(command.timestamp ?? -1);
  if (command.op === 'set') {
    hash.number(command.ttl ?? -1);
    hash.text(command.value);
  }
  return hash;
}

function nothingDone(entry: AppliedEntry): Outcome {
  const timestamp = Math.floor(entry.stamp / 1000);
  return { result: accepted(entry, null, timestamp, false), version: null, session: null };
}

/** An answer of no consequence: not even the session remembers it. */
function refusal(error: KvError): Outcome {
  return { result: refused(error), version: null, session: null };
}

function refused(error: KvError): ApplyResult {
  return { ok: false, error };
}

function accepted(
  entry: AppliedEntry,
  revision: Revision | null,
  timestamp: TimestampMs,
  existed: boolean,
): ApplyResult {
  return { ok: true, revision, timestamp, stamp: entry.stamp, existed };
}
