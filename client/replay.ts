/**
 * Shows a recorded segment as of any moment in it: the nearest view before it
 * that is known, and the patches from there on, applied as the live page does.
 * No clock and no server.
 */
import type { Patch } from '../contracts/live.ts';
import type { RecordedPatch } from '../contracts/recording.ts';
import type { ClusterView } from '../contracts/view.ts';
import { applyPatch } from './live-store.ts';

/** A view is kept at every so many patches, so that no moment is more than this many away. */
const PATCHES_BETWEEN_VIEWS = 16;

export class SegmentPlayer {
  private readonly patches: readonly RecordedPatch[];
  /** The view after 0, 16, 32, … patches, as far as anyone has looked. */
  private readonly views: ClusterView[];
  private last: { readonly after: number; readonly view: ClusterView };

  constructor(view: ClusterView, patches: readonly RecordedPatch[]) {
    this.patches = patches;
    this.views = [view];
    this.last = { after: 0, view };
  }

  /** As the pages showed it at `ms`; before the first patch, as it began. */
  viewAt(ms: number): ClusterView {
    return this.viewAfter(countUpTo(this.patches, ms));
  }

  /** After so many patches of the segment. */
  viewAfter(count: number): ClusterView {
    const near = Math.min(this.views.length - 1, Math.floor(count / PATCHES_BETWEEN_VIEWS));
    let after = near * PATCHES_BETWEEN_VIEWS;
    let view = this.views[near] ?? this.last.view;
    // Going on from the last one asked for is shorter still.
    if (this.last.after >= after && this.last.after <= count) ({ after, view } = this.last);
    for (; after < count; after++) {
      const patch = this.patches[after];
      if (patch === undefined) break;
      view = applyPatch(view, wholePatch(view, patch));
      if ((after + 1) % PATCHES_BETWEEN_VIEWS === 0)
        this.views[(after + 1) / PATCHES_BETWEEN_VIEWS] ??= view;
    }
    this.last = { after, view };
    return view;
  }
}

/** With nodes whole again, by what they were in the view before. */
function wholePatch(view: ClusterView, { nodes, ...rest }: RecordedPatch): Patch {
  if (nodes === undefined) return rest;
  const whole = nodes.map((parts) => ({
    ...view.nodes.find(({ id }) => id === parts.id),
    ...parts,
  }));
  return { ...rest, nodes: whole as ClusterView['nodes'] };
}

/** How many are at or before `ms`; they are in the order of their times. */
function countUpTo(patches: readonly RecordedPatch[], ms: number): number {
  let [low, high] = [0, patches.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((patches[middle]?.atMs ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
