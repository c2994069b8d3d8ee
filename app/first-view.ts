import { takeFirstView } from '../contracts/first-view.ts';
import { ClusterView } from '../contracts/view.ts';

/** The cluster as it is now, so that the first paint already shows it. Null when it cannot be had: the stream will bring it. */
export function firstView(): ClusterView | null {
  const parsed = ClusterView.safeParse(takeFirstView());
  return parsed.success ? parsed.data : null;
}
