/** What a query may ask for: nothing beyond what is applied, and nothing before the horizon (T17). */
import type { Query } from './queries.ts';
import type { Horizon, KvError, Mark, Retention, Revision, TimestampMs } from './types.ts';

export function horizonOf({ revision, stamp }: Mark): Horizon {
  return { timestamp: Math.floor(stamp / 1000), revision };
}

export function compacted(horizon: Horizon): KvError {
  const { timestamp, revision } = horizon;
  const message = `what was before time ${timestamp} or revision ${revision} is compacted here`;
  return { code: 'COMPACTED', message, horizon };
}

/** A field was asked for what it has dropped for its age or number (T17). */
export class Compacted extends Error {
  readonly horizon: Horizon;

  constructor(horizon: Horizon) {
    super(compacted(horizon).message);
    this.name = 'Compacted';
    this.horizon = horizon;
  }
}

/** REVISION_NOT_YET or COMPACTED for coordinates that the query names; null when there is an answer to them. */
export function outOfReach(
  query: Query,
  lastApplied: Revision,
  { horizon: compactedUntil, watchable }: Retention,
): KvError | null {
  const { revisions, timestamps } = coordinatesOf(query);
  const latest = Math.max(0, ...revisions);
  if (latest > lastApplied) {
    const message = `revision ${latest} is not reached here; the latest is ${lastApplied}`;
    return { code: 'REVISION_NOT_YET', message };
  }
  const horizon = horizonOf(query.type === 'changes' ? watchable : compactedUntil);
  const isBefore =
    revisions.some((revision) => revision < horizon.revision) ||
    timestamps.some((timestamp) => timestamp < horizon.timestamp);
  return isBefore ? compacted(horizon) : null;
}

interface Named {
  readonly revisions: readonly Revision[];
  readonly timestamps: readonly TimestampMs[];
}

function coordinatesOf(query: Query): Named {
  switch (query.type) {
    case 'retention':
      return { revisions: [], timestamps: [] };
    case 'changes':
      return { revisions: [query.after], timestamps: [] };
    case 'history':
      return { revisions: given(query.asOf), timestamps: [] };
    case 'diff': {
      const { before, after } = query;
      return {
        revisions: [...given(before.asOf), ...given(after.asOf)],
        timestamps: [...given(before.at), ...given(after.at)],
      };
    }
    default:
      return { revisions: given(query.asOf), timestamps: given(query.at) };
  }
}

function given(coordinate: number | undefined): readonly number[] {
  return coordinate === undefined ? [] : [coordinate];
}
