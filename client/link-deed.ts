/**
 * What one hand does to the link between two nodes: what it would be, in words
 * what it would do to the quorum and what it did, its request, and the way back.
 */
import type { LinkView } from '../contracts/view.ts';
import type { ApiRequest } from './api-request.ts';
import { changeLink } from './fault-requests.ts';
import { majority } from './quorum.ts';
import { verdictOf } from './verdict.ts';
import type { Judged } from './verdict.ts';

export interface LinkDeed {
  readonly from: string;
  readonly to: string;
  /** Cuts; else heals. What a link does besides stays. */
  readonly cut: boolean;
  /** Both directions; else the one from `from` to `to` alone. */
  readonly both: boolean;
}

type Lane = Pick<LinkView, 'cut' | 'from' | 'to'>;

/** Cuts what is whole, heals what is cut: also a link that is cut one way. */
export function toggling(
  links: readonly Lane[],
  from: string,
  to: string,
  both: boolean,
): LinkDeed {
  const isCut = isLaneCut(links, from, to) || (both && isLaneCut(links, to, from));
  return { from, to, cut: !isCut, both };
}

/** All that would change something, each once. */
export function deedsBetween(
  links: readonly Lane[],
  from: string,
  to: string,
): readonly LinkDeed[] {
  const cut = !isLaneCut(links, from, to);
  const ends = { from, to };
  if (isLaneCut(links, to, from) === cut) {
    // Cut one way: what one direction alone would change makes both alike.
    return [
      { ...ends, cut: false, both: true },
      { ...ends, cut: true, both: true },
    ];
  }
  return [
    { ...ends, cut, both: true },
    { ...ends, cut, both: false },
  ];
}

export function deedName({ from, to, cut, both }: LinkDeed): string {
  return `${cut ? 'Cut' : 'Heal'} ${both ? `${from} – ${to}` : `${from} → ${to} only`}`;
}

/** What follows for messages. */
export function deedHint({ from, to, cut, both }: LinkDeed): string {
  if (both) return cut ? 'Nothing passes, either way' : 'Messages pass again, both ways';
  return cut ? `${to} is still heard by ${from}` : `${to} hears ${from} again`;
}

/** After it was done. */
export function deedDone({ from, to, cut, both }: LinkDeed): string {
  const what = both ? `The link ${from} – ${to}` : `${from} → ${to}`;
  return `${what} is ${cut ? 'cut' : 'healed'}${both ? ', both ways' : ''}`;
}

export function deedRequest({ from, to, cut, both }: LinkDeed): ApiRequest {
  return changeLink(from, to, { cut, both });
}

/** Each direction that the deed changes, as it was. */
export function wayBack(links: readonly Lane[], deed: LinkDeed): readonly ApiRequest[] {
  const { from, to, cut, both } = deed;
  const lanes: readonly (readonly [string, string])[] = both
    ? [
        [from, to],
        [to, from],
      ]
    : [[from, to]];
  return lanes
    .filter(([a, b]) => isLaneCut(links, a, b) !== cut)
    .map(([a, b]) => changeLink(a, b, { cut: !cut, both: false }));
}

/** What it would do to the cluster, before it is done. */
export function forecastDeed(view: Judged, deed: LinkDeed): string {
  const { from, to, cut, both } = deed;
  const what = both
    ? `${cut ? 'Cuts' : 'Heals'} ${from} ${cut ? 'from' : 'with'} ${to}, both ways`
    : `${cut ? 'Cuts' : 'Heals'} ${from} → ${to} only`;
  const links = view.links.map((link) => (isMeant(link, deed) ? { ...link, cut } : link));
  return `${what}; ${outcome(view, { ...view, links }, cut)}`;
}

function outcome(before: Judged, after: Judged, cut: boolean): string {
  const was = verdictOf(before);
  const then = verdictOf(after);
  if (then.state === 'stopped') return 'no node is up';
  if (then.state === 'no-quorum') {
    return was.state === 'no-quorum'
      ? 'there is no quorum, as before'
      : 'no side keeps a quorum: writes will stop';
  }
  if (was.state === 'no-quorum') return 'a quorum can form: writes go on after an election';
  if (then.leader === null) {
    return was.leader === null
      ? 'writes wait for an election'
      : `${was.leader} loses its quorum: writes wait for an election, then go on`;
  }
  if (!cut) return `${cutLinks(after.links)}: writes go on`;
  const { voters, votersOutgoing } = after;
  return votersOutgoing.length === 0
    ? `${then.tolerates + majority(voters.length)} of ${voters.length} keep a quorum: writes go on`
    : 'both majorities are kept: writes go on';
}

/** How many links are cut, either way. */
function cutLinks(links: readonly Lane[]): string {
  const cut = new Set(
    links.filter((link) => link.cut).map(({ from, to }) => [from, to].sort().join('-')),
  );
  if (cut.size === 0) return 'every link is whole';
  return cut.size === 1 ? '1 link stays cut' : `${cut.size} links stay cut`;
}

function isMeant({ from, to }: Lane, deed: LinkDeed): boolean {
  const isThere = from === deed.from && to === deed.to;
  const isBack = from === deed.to && to === deed.from;
  return isThere || (deed.both && isBack);
}

function isLaneCut(links: readonly Lane[], from: string, to: string): boolean {
  return links.some((link) => link.cut && link.from === from && link.to === to);
}
