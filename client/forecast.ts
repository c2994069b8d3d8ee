/** What something would do to the cluster, said before it is done. */
import { forecastDeed } from './link-deed.ts';
import type { LinkDeed } from './link-deed.ts';
import { forecastKill, verdictOf } from './verdict.ts';
import type { Judged } from './verdict.ts';

export type Plan =
  | { readonly do: 'kill' | 'pause'; readonly node: string }
  /** Both directions of each link. */
  | { readonly do: 'cut'; readonly pairs: readonly (readonly [string, string])[] }
  | { readonly do: 'link'; readonly deed: LinkDeed };

/** Null where there is nothing to say: the node does not run, or no link would be cut that is not. */
export function forecast(view: Judged, plan: Plan): string | null {
  if (plan.do === 'cut') return forecastCut(view, plan.pairs);
  if (plan.do === 'link') return forecastDeed(view, plan.deed);
  const isUp = view.nodes.some(({ id, state }) => id === plan.node && state === 'serving');
  return isUp ? forecastKill(view, plan.node, plan.do === 'kill' ? 'Killing' : 'Pausing') : null;
}

function forecastCut(view: Judged, pairs: readonly (readonly [string, string])[]): string | null {
  const isMeant = (from: string, to: string): boolean =>
    pairs.some(([a, b]) => (a === from && b === to) || (a === to && b === from));
  const cut = view.links.filter((link) => !link.cut && isMeant(link.from, link.to));
  if (cut.length === 0) return null;
  const links = view.links.map((link) => (cut.includes(link) ? { ...link, cut: true } : link));
  const [first] = pairs;
  const what =
    pairs.length === 1 && first !== undefined
      ? `Cutting ${first[0]} from ${first[1]}`
      : `Cutting ${pairs.length} links`;
  const after = verdictOf({ ...view, links });
  if (after.state === 'no-quorum') return `${what} leaves no side a quorum: writes will stop`;
  const now = verdictOf(view);
  if (after.leader === null && now.leader !== null)
    return `${what} takes ${now.leader}’s quorum: writes wait for an election, then go on`;
  return `${what}: writes go on`;
}
