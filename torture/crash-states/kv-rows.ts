/**
 * The rows of a workload's applied state: what each revision wrote is a function
 * of its number, and a state is told by how far it reaches and what it forgot.
 * That is all that the judge needs to say which rows a store must have.
 */
import { positionOf } from '../../server/base/position.ts';
import type {
  FieldFloor,
  KvHeader,
  Mark,
  Retention,
  SessionRow,
  Version,
} from '../../server/kv/types.ts';
import type { LogIndex } from '../../server/raft/types.ts';

/** The applied state as of one save. Never changed once made. */
export interface AppliedState {
  readonly header: KvHeader;
  /** Positions of versions that are forgotten. */
  readonly forgotten: ReadonlySet<number>;
  /** By cell. */
  readonly floors: ReadonlyMap<string, FieldFloor>;
  /** By client. */
  readonly sessions: ReadonlyMap<string, SessionRow>;
}

const FIRST_STAMP = 1_790_000_000_000_000;
/** More than a page of the database. */
const LONG_CHARS = 6000;

/** Microseconds; 0 before the first entry. */
export function stampOf(index: LogIndex): number {
  return index === 0 ? 0 : FIRST_STAMP + index * 1000;
}

/** What revision `revision` wrote: nothing, one version or two. */
export function versionsOfRevision(revision: LogIndex): readonly Version[] {
  return Array.from({ length: [1, 2, 1, 0][revision % 4] ?? 0 }, (_, op) => ({
    key: `key ${revision % 5}`,
    field: `field ${op}`,
    timestamp: revision * 10,
    revision,
    op,
    value: valueOf(revision, op),
    expiresAt: revision % 7 === 0 ? revision * 10 + 500 : null,
    stamp: stampOf(revision),
  }));
}

function valueOf(revision: LogIndex, op: number): Version['value'] {
  if (revision % 11 === 0) return null;
  if (revision % 13 === 0) return ['list', `of ${revision}`];
  return `value ${revision} ${op}${revision % 17 === 0 ? '.'.repeat(LONG_CHARS) : ''}`;
}

/** Of the revisions in (after, upTo], what is not forgotten. */
export function versionsLeft(
  after: LogIndex,
  upTo: LogIndex,
  forgotten: ReadonlySet<number>,
): readonly Version[] {
  return revisions(after, upTo)
    .flatMap(versionsOfRevision)
    .filter((version) => !forgotten.has(positionOf(version)));
}

/** Marks of the revisions in (after, upTo]: of those that have no version left. */
export function marksLeft(
  after: LogIndex,
  upTo: LogIndex,
  forgotten: ReadonlySet<number>,
): readonly Mark[] {
  const left = new Set(versionsLeft(after, upTo, forgotten).map(({ revision }) => revision));
  return revisions(after, upTo)
    .filter((revision) => !left.has(revision))
    .map((revision) => ({ revision, stamp: stampOf(revision) }));
}

function revisions(after: LogIndex, upTo: LogIndex): readonly LogIndex[] {
  return Array.from({ length: Math.max(0, upTo - after) }, (_, i) => after + 1 + i);
}

export function retention(horizon: LogIndex, watchable: LogIndex): Retention {
  return {
    policy: { maxAgeMs: null, maxVersions: 10 },
    horizon: { revision: horizon, stamp: stampOf(horizon) },
    counted: watchable,
    trimmed: watchable,
    watchable: { revision: watchable, stamp: stampOf(watchable) },
  };
}
