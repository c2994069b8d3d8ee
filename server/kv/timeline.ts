/** When each revision was: what "now" is, and was (T3). */
import type { Journal } from './journal.ts';
import type { RevisionStamps } from './revision-stamps.ts';
import type { Revision, Stamp, TimestampMs, View } from './types.ts';

/** The stamp of each revision, up to the last that is applied. */
export interface Timeline {
  readonly lastRevision: Revision;
  at(revision: Revision): Stamp;
}

/** Before the horizon, the stamps of what is kept from then are known, and no others. */
export function timelineOf(stamps: RevisionStamps, journal: Journal): Timeline {
  return {
    get lastRevision() {
      return stamps.lastRevision;
    },
    at: (revision) =>
      stamps.knows(revision) ? stamps.at(revision) : (journal.stampOf(revision) ?? 0),
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
