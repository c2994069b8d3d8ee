/** When each revision was: what "now" is, and was (T3). */
import type { RevisionStamps } from './revision-stamps.ts';
import type { View } from './queries.ts';
import type { Revision, Stamp, TimestampMs } from './types.ts';
import type { VersionTable } from './version-table.ts';

/** The stamp of each revision, up to the last that is applied. */
export interface Timeline {
  readonly lastRevision: Revision;
  at(revision: Revision): Stamp;
}

/** Before the horizon, the stamps of what is kept from then are known, and no others. */
export function timelineOf(stamps: RevisionStamps, table: VersionTable): Timeline {
  return {
    get lastRevision() {
      return stamps.lastRevision;
    },
    at: (revision) =>
      stamps.knows(revision) ? stamps.at(revision) : (table.stampOf(revision) ?? 0),
  };
}

/** Nothing left out: the latest revision, and the cluster time of the revision. */
export function viewOf(
  timeline: Timeline,
  { at, asOf }: { readonly at?: TimestampMs | undefined; readonly asOf?: Revision | undefined },
): View {
  const revision = asOf ?? timeline.lastRevision;
  return { at: at ?? Math.floor(timeline.at(revision) / 1000), asOf: revision };
}
