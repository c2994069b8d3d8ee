/** Where the server leaves, within its own process, a way for the page to draw the cluster at its first paint. */
import type { ClusterView } from './view.ts';

const PLACE = Symbol.for('chronoraft.first-view');

type FirstView = () => ClusterView;

export function leaveFirstView(view: FirstView): void {
  (globalThis as { [PLACE]?: FirstView })[PLACE] = view;
}

/** Null when there is no server in this process. */
export function takeFirstView(): ClusterView | null {
  return (globalThis as { [PLACE]?: FirstView })[PLACE]?.() ?? null;
}
