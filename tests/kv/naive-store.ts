/**
 * The temporal store once more, as naively as can be: one list of all versions,
 * gone through in full for every question. It shares nothing with the store but
 * its vocabulary, and knows no limits and no pages. What is to be forgotten it
 * takes from a second list, and whether any view would miss it is found by
 * looking at all that there are.
 */
import type {
  Change,
  ChangesQuery,
  Coordinates,
  FoundVersion,
  View,
  ViewQuery,
} from '../../server/kv/queries.ts';
import type {
  Condition,
  Cell,
  Compaction,
  Horizon,
  Import,
  ImportHistory,
  Operation,
  OperationOutcome,
  Outcome,
  RetentionPolicy,
  Scope,
  Value,
  Version,
  VersionPlace,
  WriteCommand,
} from '../../server/kv/types.ts';
import {
  compareCells,
  comparePlaces,
  isEqual,
  listOf,
  order,
  previousOf,
  Refused,
  valueOf,
} from './naive-terms.ts';
import type { Row, Told } from './naive-terms.ts';

export class NaiveStore {
  /** What is not forgotten. */
  private versions: Version[] = [];
  /** What ever was. */
  private readonly written: Version[] = [];
  private policy: RetentionPolicy = { maxAgeMs: null, maxVersions: null };
  private horizon: Horizon = { timestamp: 0, revision: 0 };
  private counted = 0;
  private trimmed = 0;
  private watchable = 0;
  /** By key and field: places before it are forgotten. */
  private readonly floors = new Map<string, VersionPlace>();
  /** Stamp of each revision; revision 0 is before all time. */
  private readonly stamps: number[] = [0];
  /** Of each session that is open. */
  private readonly answered = new Map<
    string,
    { sequence: number; asked: string; told: Told | null }
  >();

  get revision(): number {
    return this.stamps.length - 1;
  }

  // --- writes -----------------------------------------------------------------------

  /** An entry that writes nothing. */
  tick(stamp: number): void {
    this.stamps.push(stamp);
  }

  open(client: string, stamp: number): void {
    this.stamps.push(stamp);
    this.answered.set(client, { sequence: 0, asked: '', told: null });
  }

  apply(command: WriteCommand, stamp: number): Told {
    this.stamps.push(stamp);
    const { session, ...rest } = command;
    if (session === undefined) return this.write(command, stamp);
    const asked = JSON.stringify(rest);
    const last = this.answered.get(session.client);
    if (last === undefined) return { ok: false, code: 'SESSION_EXPIRED', operation: undefined };
    if (session.sequence <= last.sequence) {
      const isRepeat = session.sequence === last.sequence && asked === last.asked;
      return isRepeat && last.told !== null
        ? last.told
        : { ok: false, code: 'SESSION_STALE', operation: undefined };
    }
    const told = this.write(command, stamp);
    this.answered.set(session.client, { sequence: session.sequence, asked, told });
    return told;
  }

  /** A step of forgetting. */
  compact({ by, asOf }: Compaction, stamp: number): void {
    this.stamps.push(stamp);
    const to = { timestamp: this.view({ asOf }).at, revision: asOf };
    if (by === 'age' && this.policy.maxAgeMs !== null && asOf > this.horizon.revision) {
      this.horizon = to;
      this.watchable = Math.max(this.watchable, asOf);
      this.versions = this.versions.filter((version) => !this.isPast(version));
    }
    const most = this.policy.maxVersions;
    if (by === 'versions' && most !== null && asOf > this.counted) {
      const touched = this.cells({}).filter((cell) => this.isTouched(cell, this.counted, asOf));
      this.counted = asOf;
      this.trimmed = Math.max(this.trimmed, asOf);
      this.watchable = Math.max(this.watchable, asOf);
      const view = to.revision > this.horizon.revision ? to : this.horizon;
      for (const cell of touched) this.limit(cell, most, view);
      this.versions = this.versions.filter(
        (version) => !this.isBelow(version) || version.revision > this.trimmed,
      );
      this.versions = this.versions.filter((version) => !this.isPast(version));
    }
    for (const name of this.floors.keys())
      if (!this.versions.some(({ key, field }) => JSON.stringify([key, field]) === name))
        this.floors.delete(name);
  }

  private isBelow(version: Version): boolean {
    const floor = this.floors.get(JSON.stringify([version.key, version.field]));
    return floor !== undefined && comparePlaces(version, floor) < 0;
  }

  /** Dated up to the horizon, written up to it, and of no view from it on; or ended there, and hiding nothing. */
  private isPast(version: Version): boolean {
    const { timestamp, revision } = this.horizon;
    if (version.timestamp > timestamp || version.revision > revision) return false;
    const { key, field } = version;
    const view = { at: timestamp, asOf: revision };
    if (this.winner(key, field, view) !== version) return true;
    const hides = this.versionsOf(key, field).some(
      (each) => each.revision > revision && comparePlaces(each, version) < 0,
    );
    return !hides && this.standing(key, field, view) === undefined;
  }

  /** A version that is still there was written in that time, or began or ended in it and after the horizon. */
  private isTouched({ key, field }: Cell, after: number, upTo: number): boolean {
    const from = Math.max(after, this.horizon.revision);
    return this.versionsOf(key, field).some(({ revision, timestamp, expiresAt }) => {
      if (revision > after && revision <= upTo) return true;
      const written = this.view({ asOf: revision }).at;
      return [timestamp, expiresAt ?? 0].some(
        (at) =>
          at > written && at > this.view({ asOf: from }).at && at <= this.view({ asOf: upTo }).at,
      );
    });
  }

  private limit({ key, field }: Cell, most: number, to: Horizon): void {
    const counted = this.versionsOf(key, field)
      .filter((version) => !this.isBelow(version))
      .filter(({ timestamp, revision }) => timestamp <= to.timestamp && revision <= to.revision)
      .sort(comparePlaces);
    const oldest = counted[counted.length - most];
    const all = this.versionsOf(key, field).filter((version) => !this.isBelow(version));
    if (oldest === undefined || all.every((each) => comparePlaces(each, oldest) >= 0)) return;
    this.floors.set(JSON.stringify([key, field]), oldest);
  }

  /** Does it ask for what is forgotten? */
  isCompacted(query: ViewQuery | ChangesQuery): boolean {
    if (query.type === 'changes') return query.after < this.watchable;
    const views = query.type === 'diff' ? [query.before, query.after] : [query];
    return views.some((named) => {
      const view = this.view(named);
      if (view.asOf < this.horizon.revision) return true;
      if (query.type === 'history') return false;
      return view.at < this.horizon.timestamp;
    });
  }

  private check(key: string, field: string, { at, asOf }: View): void {
    const floor = this.floors.get(JSON.stringify([key, field]));
    if (floor === undefined) return;
    if (at < floor.timestamp || asOf < floor.revision) throw new Refused('COMPACTED');
  }

  private write(command: WriteCommand, stamp: number): Told {
    const timestamp = command.timestamp ?? Math.floor(stamp / 1000);
    const before = [...this.versions];
    try {
      if (timestamp < this.horizon.timestamp) throw new Refused('COMPACTED');
      const outcome = this.run(command, timestamp);
      this.written.push(...this.versions.filter((version) => version.revision === this.revision));
      const wrote = this.versions.length > before.length;
      return { ok: true, revision: wrote ? this.revision : null, timestamp, stamp, outcome };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.versions = before;
      return { ok: false, code: error.code, operation: error.operation };
    }
  }

  private run(command: WriteCommand, timestamp: number): Outcome {
    if (command.op === 'restore') return this.restore(command, timestamp);
    if (command.op === 'retention') {
      const { op, maxAgeMs, maxVersions } = command;
      if (maxVersions !== this.policy.maxVersions) this.counted = 0;
      this.policy = { maxAgeMs, maxVersions };
      return { op };
    }
    if (command.op === 'import') return this.import(command, timestamp);
    if (command.op === 'importHistory') return this.importHistory(command);
    if (command.op !== 'txn') return this.operate(command, timestamp);
    const { op, conditions, success, failure } = command;
    const index = conditions.findIndex((condition) => !this.holds(condition, timestamp));
    const there = conditions[index];
    const standing = there && this.standing(there.key, there.field, { at: timestamp });
    const outcomes = (index === -1 ? success : failure).map((operation, i) => {
      try {
        return this.operate(operation, timestamp);
      } catch (error) {
        if (error instanceof Refused) error.operation = i;
        throw error;
      }
    });
    const found = standing ? { value: valueOf(standing), revision: standing.revision } : null;
    const failed = index === -1 ? null : { index, found };
    return { op, succeeded: index === -1, failed, outcomes };
  }

  private operate(operation: Operation, timestamp: number): OperationOutcome {
    const { op, key } = operation;
    if (op === 'deleteRecord') {
      const there = this.fieldsOf(key).filter(
        (field) => this.standing(key, field, { at: timestamp }) !== undefined,
      );
      for (const field of there) this.add(key, field, timestamp, null, null);
      return { op, fields: there.length };
    }
    const { field } = operation;
    const base = this.standing(key, field, { at: timestamp });
    const existed = base !== undefined;
    const expiry = (ttl: number | undefined): number | null =>
      ttl === undefined ? (base?.expiresAt ?? null) : timestamp + ttl;
    switch (op) {
      case 'set': {
        const { ttl, value } = operation;
        this.add(key, field, timestamp, value, ttl === undefined ? null : timestamp + ttl);
        return { op, existed };
      }
      case 'delete':
        if (existed) this.add(key, field, timestamp, null, null);
        return { op, existed };
      case 'append': {
        const list = [...listOf(base), ...operation.items];
        this.add(key, field, timestamp, list, expiry(operation.ttl));
        return { op, length: list.length };
      }
      case 'remove': {
        const list = [...listOf(base)];
        let removed = 0;
        while (removed < (operation.count ?? list.length + removed)) {
          const at = list.indexOf(operation.item);
          if (at === -1) break;
          list.splice(at, 1);
          removed++;
        }
        if (removed > 0) this.add(key, field, timestamp, list, expiry(undefined));
        return { op, removed, length: list.length };
      }
      case 'increment': {
        const text = base === undefined ? '0' : valueOf(base);
        if (typeof text !== 'string') throw new Refused('WRONG_KIND');
        if (String(Number.parseInt(text, 10)) !== text) throw new Refused('NOT_AN_INTEGER');
        const value = Number.parseInt(text, 10) + operation.by;
        this.add(key, field, timestamp, String(value), expiry(operation.ttl));
        return { op, value };
      }
    }
  }

  private holds(condition: Condition, timestamp: number): boolean {
    const { key, field } = condition;
    const found = this.standing(key, field, { at: timestamp });
    switch (condition.is) {
      case 'value':
        return found !== undefined && isEqual(found.value, condition.value);
      case 'present':
        return found !== undefined;
      case 'absent':
        return found === undefined;
      case 'revision':
        return found !== undefined && found.revision === condition.revision;
      case 'latest':
        return !this.versionsOf(key, field).some((version) => version.timestamp > timestamp);
    }
  }

  private restore(
    { op, at, asOf = this.revision - 1, ...scope }: Extract<WriteCommand, { op: 'restore' }>,
    timestamp: number,
  ): Outcome {
    if (asOf > this.revision - 1) throw new Refused('REVISION_NOT_YET');
    const past = this.view({ ...(at !== undefined && { at }), asOf });
    const { horizon } = this;
    if (past.at < horizon.timestamp || asOf < horizon.revision) throw new Refused('COMPACTED');
    let fields = 0;
    for (const { key, field } of this.cells(scope)) {
      const then = this.standing(key, field, past);
      const present = this.standing(key, field, { at: timestamp });
      const left = then === undefined || then.expiresAt === null ? null : then.expiresAt - past.at;
      const expiresAt = left === null ? null : timestamp + left;
      const value = then === undefined ? null : valueOf(then);
      if (
        isEqual(value, present?.value ?? null) &&
        (present === undefined || present.expiresAt === expiresAt)
      )
        continue;
      this.add(key, field, timestamp, value, expiresAt);
      fields++;
    }
    return { op, fields };
  }

  private import({ op, prefix, from, to, fields }: Import, timestamp: number): Outcome {
    const there = this.cells({ prefix }).map(({ key, field }) => ({ key, field }));
    const cells = [...there, ...fields]
      .filter((cell) => from === null || compareCells(cell, from) > 0)
      .filter((cell) => to === null || compareCells(cell, to) <= 0)
      .sort(compareCells)
      .filter((cell, i, all) => i === 0 || compareCells(cell, all[i - 1] ?? cell) !== 0);
    let changed = 0;
    for (const { key, field } of cells) {
      const given = fields.find((each) => each.key === key && each.field === field);
      const present = this.standing(key, field, { at: timestamp });
      const expiresAt = given?.ttl === undefined ? null : timestamp + given.ttl;
      const value = given?.value ?? null;
      if (isEqual(value, present?.value ?? null) && (present?.expiresAt ?? null) === expiresAt)
        continue;
      this.add(key, field, timestamp, value, expiresAt);
      changed++;
    }
    return { op, fields: changed, settled: null };
  }

  private importHistory({ op, prefix = '', from, versions }: ImportHistory): Outcome {
    const beyond = this.versions
      .filter(({ key }) => key.startsWith(prefix))
      .some(
        (version) =>
          from === null || (compareCells(version, from) || comparePlaces(version, from)) > 0,
      );
    if (beyond) throw new Refused('NOT_EMPTY');
    if (versions.some(({ timestamp }) => timestamp < this.horizon.timestamp))
      throw new Refused('COMPACTED');
    for (const { key, field, timestamp, value, expiresAt } of versions)
      this.add(key, field, timestamp, value, expiresAt);
    return { op, versions: versions.length };
  }

  private add(
    key: string,
    field: string,
    timestamp: number,
    value: Value | null,
    expiresAt: number | null,
  ): void {
    const { revision } = this;
    const op = this.versions.filter((version) => version.revision === revision).length;
    const stamp = this.stamps[revision] ?? 0;
    this.versions.push({ key, field, timestamp, revision, op, value, expiresAt, stamp });
  }

  // --- questions --------------------------------------------------------------------

  view({ at, asOf }: Coordinates): View {
    const revision = asOf ?? this.revision;
    return { at: at ?? Math.floor((this.stamps[revision] ?? 0) / 1000), asOf: revision };
  }

  get(key: string, field: string, where: Coordinates): FoundVersion | string {
    const view = this.view(where);
    const found = this.found(key, field, view);
    if (found !== null) return found;
    const known = this.versionsOf(key, field).filter(({ revision }) => revision <= view.asOf);
    if (known.length === 0) return 'never';
    const winner = this.winner(key, field, view);
    if (winner === undefined) return 'not-yet';
    return winner.value === null ? 'deleted' : 'expired';
  }

  /** All rows of all pages. */
  rows(query: Exclude<ViewQuery, { type: 'get' }>): readonly Row[] {
    switch (query.type) {
      case 'scan': {
        const { prefix = '', start = '' } = query;
        return this.record(
          query.key,
          this.view(query),
          (field) => field.startsWith(prefix) && order(field, start) >= 0,
        );
      }
      case 'keys':
        return this.records(query).map(({ key, fields }) => ({ key, fields: fields.length }));
      case 'range':
        return this.records(query);
      case 'history': {
        const { key, field, from = 0, to = Number.POSITIVE_INFINITY, after } = query;
        const asOf = query.asOf ?? this.revision;
        this.check(key, field, { at: Number.POSITIVE_INFINITY, asOf });
        const sign = query.descending === true ? -1 : 1;
        return this.versionsOf(key, field)
          .filter((version) => version.revision <= asOf && !this.isBelow(version))
          .filter(({ timestamp }) => timestamp >= from && timestamp <= to)
          .sort((a, b) => sign * comparePlaces(a, b))
          .filter((version) => after === undefined || sign * comparePlaces(version, after) > 0);
      }
      case 'diff': {
        const [before, after] = [this.view(query.before), this.view(query.after)];
        return this.cells(query)
          .map(({ key, field }) => ({
            key,
            field,
            before: this.found(key, field, before),
            after: this.found(key, field, after),
          }))
          .filter((change) => !isEqual(change.before?.value ?? null, change.after?.value ?? null));
      }
      case 'versions': {
        const { asOf } = this.view(query);
        const { start } = query;
        return this.cells(query)
          .filter((cell) => start === undefined || compareCells(cell, start) >= 0)
          .flatMap(({ key, field }) => {
            this.check(key, field, { at: Number.POSITIVE_INFINITY, asOf });
            return [...this.versionsOf(key, field)].sort(comparePlaces);
          })
          .filter((version) => version.revision <= asOf && !this.isBelow(version))
          .filter(
            (version) =>
              start === undefined ||
              (compareCells(version, start) || comparePlaces(version, start)) >= 0,
          );
      }
    }
  }

  /** Each change with its revision, in the order of telling. */
  changes({ after, key, field, prefix = '' }: ChangesQuery) {
    const told: (Change & { readonly told: number })[] = [];
    for (let revision = after + 1; revision <= this.revision; revision++) {
      const changes = [...this.passages(revision), ...this.writtenAt(revision)];
      for (const change of changes) {
        const isAsked =
          key === undefined
            ? change.key.startsWith(prefix)
            : change.key === key && (field === undefined || change.field === field);
        if (isAsked) told.push({ told: revision, ...change });
      }
    }
    return told;
  }

  /** What came with the time that passed up to the revision: each instant is looked at from both sides. */
  private passages(revision: number): readonly Change[] {
    const asOf = revision - 1;
    const [since, now] = [this.view({ asOf }).at, this.view({ asOf: revision }).at];
    const whole = this.whole((version) => version.revision <= asOf);
    return whole
      .cells({})
      .flatMap(({ key, field }) => {
        const known = whole.versionsOf(key, field);
        const instants = known.flatMap(({ timestamp, expiresAt }) => [timestamp, expiresAt ?? 0]);
        return [...new Set(instants)]
          .filter((at) => at > since && at <= now)
          .flatMap((at): Change[] => {
            const before = whole.standing(key, field, { at: at - 1, asOf });
            const standing = whole.standing(key, field, { at, asOf });
            if (before === standing) return [];
            const winner = whole.winner(key, field, { at, asOf }) as Version;
            const kind = winner.timestamp === at ? ('start' as const) : ('expire' as const);
            const { timestamp, op } = winner;
            const version = { timestamp, revision: winner.revision, op };
            const value = standing?.value ?? null;
            const expiresAt = standing?.expiresAt ?? null;
            const previous = { previous: previousOf(before), previousCompacted: false };
            return [{ kind, key, field, version, at, value, expiresAt, ...previous }];
          });
      })
      .sort(
        (a, b) =>
          a.at - b.at || a.version.revision - b.version.revision || a.version.op - b.version.op,
      );
  }

  private writtenAt(revision: number): readonly Change[] {
    return this.written
      .filter((version) => version.revision === revision)
      .map(({ key, field, timestamp, op, value, expiresAt }) => {
        // The store as it was when this operation came.
        const then = this.whole(
          (each) => each.revision < revision || (each.revision === revision && each.op < op),
        );
        const before = then.standing(key, field, { at: timestamp, asOf: revision });
        const version = { timestamp, revision, op };
        const kind = value === null ? 'delete' : 'set';
        const floor = this.floors.get(JSON.stringify([key, field]));
        const previousCompacted =
          timestamp < this.horizon.timestamp ||
          (floor !== undefined && comparePlaces(version, floor) <= 0);
        const previous = previousCompacted ? null : previousOf(before);
        const told = { kind, key, field, version, at: timestamp, value, expiresAt } as const;
        return { ...told, previous, previousCompacted };
      });
  }

  /** A store that has forgotten nothing of these. */
  private whole(which: (version: Version) => boolean): NaiveStore {
    const whole = new NaiveStore();
    whole.versions = this.written.filter(which);
    return whole;
  }

  private records(query: Extract<ViewQuery, { type: 'keys' | 'range' }>) {
    const { prefix = '', start = '', end } = query;
    return [...new Set(this.versions.map(({ key }) => key))]
      .sort(order)
      .filter((key) => key.startsWith(prefix) && order(key, start) >= 0)
      .filter((key) => end === undefined || order(key, end) < 0)
      .map((key) => ({ key, fields: this.record(key, this.view(query)) }))
      .filter(({ fields }) => fields.length > 0);
  }

  private record(key: string, view: View, which: (field: string) => boolean = () => true) {
    const fields = this.fieldsOf(key).filter(which);
    return fields.flatMap((field) => {
      const found = this.found(key, field, view);
      return found === null ? [] : [{ field, ...found }];
    });
  }

  private cells({ key, field, prefix = '' }: Scope) {
    const names = [...new Set(this.versions.map((version) => version.key))]
      .filter((name) => (key === undefined ? name.startsWith(prefix) : name === key))
      .sort(order);
    return names.flatMap((name) =>
      this.fieldsOf(name)
        .filter((each) => field === undefined || each === field)
        .map((each) => ({ key: name, field: each })),
    );
  }

  private fieldsOf(key: string): readonly string[] {
    const fields = this.versions.filter((each) => each.key === key).map(({ field }) => field);
    return [...new Set(fields)].sort(order);
  }

  private versionsOf(key: string, field: string): readonly Version[] {
    return this.versions.filter((version) => version.key === key && version.field === field);
  }

  private winner(key: string, field: string, where: Coordinates): Version | undefined {
    const { at, asOf } = this.view(where);
    return this.versionsOf(key, field)
      .filter(({ timestamp, revision }) => timestamp <= at && revision <= asOf)
      .sort(comparePlaces)
      .pop();
  }

  private standing(key: string, field: string, where: Coordinates): Version | undefined {
    this.check(key, field, this.view(where));
    const winner = this.winner(key, field, where);
    if (winner === undefined || winner.value === null) return undefined;
    const { at } = this.view(where);
    return winner.expiresAt !== null && at >= winner.expiresAt ? undefined : winner;
  }

  private found(key: string, field: string, { at, asOf }: View): FoundVersion | null {
    const version = this.standing(key, field, { at, asOf });
    if (version === undefined) return null;
    // Every instant at which anything of the field begins or ends.
    const instants = this.versionsOf(key, field).flatMap(({ timestamp, expiresAt }) =>
      expiresAt === null ? [timestamp] : [timestamp, expiresAt],
    );
    const validTo = instants
      .sort((a, b) => a - b)
      .find((later) => later > at && this.standing(key, field, { at: later, asOf }) !== version);
    const { timestamp, revision, expiresAt } = version;
    return { value: valueOf(version), timestamp, revision, expiresAt, validTo: validTo ?? null };
  }
}
