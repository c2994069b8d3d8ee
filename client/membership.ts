/** What a node is to the cluster, by the configuration in force. */
import type { ClusterView } from '../contracts/view.ts';

/** `joining`: runs, and is in no configuration yet. `leaving`: counts only until the joint configuration is left. */
export type Membership = 'voter' | 'learner' | 'leaving' | 'joining';

export function membershipOf(
  { voters, votersOutgoing, learners }: Pick<ClusterView, 'learners' | 'voters' | 'votersOutgoing'>,
  id: string,
): Membership {
  if (voters.includes(id)) return 'voter';
  if (votersOutgoing.includes(id)) return 'leaving';
  return learners.includes(id) ? 'learner' : 'joining';
}

/** How far a snapshot for `id` has come, and how far it goes; null when its leader sends it none. */
export function snapshotFor(
  { nodes }: Pick<ClusterView, 'nodes'>,
  id: string,
): { readonly to: number; readonly of: number } | null {
  for (const node of nodes) {
    if (node.state !== 'serving' || node.role !== 'leader') continue;
    const progress = node.progress.find(({ peer }) => peer === id);
    if (progress?.state === 'snapshot')
      return { to: progress.snapshotTo ?? 0, of: node.commitIndex };
  }
  return null;
}
