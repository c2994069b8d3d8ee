/** Lessons are told with three voters: what makes a cluster of another size one of three. */
import type { Call } from '../curl.ts';
import type { ClusterView } from '../../contracts/view.ts';

const VOTERS = 3;

/** Why the size is not fit, a sentence without its stop; null when it is. */
export function whyNotThree(view: ClusterView): string | null {
  const { voters, votersOutgoing, learners } = view;
  if (votersOutgoing.length > 0)
    return 'Lessons are told with three voters, and a change of members is under way';
  if (voters.length === VOTERS && learners.length === 0) return null;
  const others = learners.length === 0 ? '' : ` and ${count(learners.length, 'learner')}`;
  return `Lessons are told with exactly three voters, since what they show (two are a quorum, one may be lost) holds for three; this cluster has ${count(voters.length, 'voter')}${others}`;
}

/**
 * The changes, in their order, that lead there; none when nothing is to be changed, or
 * a change is under way. Who leads stays: of the others the last come first.
 */
export function toThreeVoters(view: ClusterView): readonly Call[] {
  const { voters, votersOutgoing, learners, nodes } = view;
  if (votersOutgoing.length > 0) return [];
  const leads = (id: string): boolean =>
    nodes.some((node) => node.id === id && node.role === 'leader');
  const missing = Math.max(0, VOTERS - voters.length);
  const promoted = learners.slice(0, missing);
  const surplus = voters
    .filter((id) => !leads(id))
    .toReversed()
    .slice(0, Math.max(0, voters.length - VOTERS));
  return [
    ...promoted.map(
      (id): Call =>
        (client) =>
          client.promoteMember(id),
    ),
    ...Array.from(
      { length: missing - promoted.length },
      (): Call => (client) => client.addMember('voter'),
    ),
    ...surplus.map(
      (id): Call =>
        (client) =>
          client.removeMember(id),
    ),
    ...learners.slice(missing).map(
      (id): Call =>
        (client) =>
          client.removeMember(id),
    ),
  ];
}

/** A server with three nodes of its own, beside whatever runs. */
export const SERVER_OF_THREE = 'NODES=3 PORT=3001 DATA_DIR=data-three npm start';

function count(value: number, what: string): string {
  return `${value} ${what}${value === 1 ? '' : 's'}`;
}
