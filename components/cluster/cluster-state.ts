/** What decides which of the cluster's buttons can be pressed. */
import { hasFault, linkState } from '../../client/fault-words.ts';
import type { ClusterView } from '../../contracts/view.ts';

export function downNodes({ nodes }: ClusterView): readonly string[] {
  return nodes.filter(({ state }) => state === 'down' || state === 'failed').map((node) => node.id);
}

/** Something that healing all would mend. */
export function isFaulty({ links, nodes }: ClusterView): boolean {
  return linkState(links) !== 'up' || nodes.some(({ faults }) => hasFault(faults));
}
