'use client';

import clsx from 'clsx';
import { useRef } from 'react';
import type { CSSProperties } from 'react';
import { deciders } from '../../client/quorum.ts';
import { sidesOf, verdictOf } from '../../client/verdict.ts';
import { useLive } from '../live/live-provider.tsx';
import { useMotion } from '../live/live-root.tsx';
import { useFreshness } from '../live/freshness.ts';
import { ClusterActions } from './cluster-actions.tsx';
import { centreOf, densityOf, laneBetween, placeNodes, STAGE_MARGIN_PX } from './geometry.ts';
import type { Lane, Place } from './geometry.ts';
import { LaneLine, LinkSwitch, pairsOf } from './links.tsx';
import { NodeCard, sideLetter } from './node-card.tsx';
import { PacketLayer, PacketLegend } from './packet-layer.tsx';
import { linkKey, useRates } from './use-rates.ts';
import { useStageSizes } from './use-stage-sizes.ts';
import type { StageSizes } from './use-stage-sizes.ts';

const NOBODY: readonly string[] = [];

/** The cluster as a picture: every node in its place, every link with its two lanes, messages as they go. */
export function Stage() {
  const { members, stale } = useLive((state) => ({
    members: state.view?.members ?? NOBODY,
    stale: state.conn === 'reconnecting',
  }));
  if (members.length === 0) {
    return (
      <p className="grid h-full min-h-60 place-content-center text-quiet">
        Connecting to the cluster…
      </p>
    );
  }
  return (
    <div className="relative flex h-full flex-col">
      <div className={clsx('flex min-h-0 flex-1 flex-col', stale && 'stale')}>
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1.5 border-b border-line px-3 py-2">
          <ClusterActions />
          <PacketLegend />
        </div>
        <Picture members={members} />
      </div>
      <StaleNote />
    </div>
  );
}

function Picture({ members }: { readonly members: readonly string[] }) {
  const stage = useRef<HTMLDivElement>(null);
  const sizes = useStageSizes(stage, '[data-node]');
  const moving = useMotion();
  const rates = useRates();
  const links = useLive((state) => state.view?.links ?? []);
  const places = placeNodes(members);
  const lanes = sizes === null ? null : lanesOf(places, sizes);
  return (
    <div
      ref={stage}
      data-density={densityOf(members.length)}
      className="group/stage relative flex min-h-0 flex-1 flex-col gap-2 p-3 [--card-h:8.75rem] [--card-w:19rem] data-[density=compact]:[--card-h:6.5rem] data-[density=compact]:[--card-w:15.5rem] data-[density=small]:[--card-h:4.25rem] data-[density=small]:[--card-w:11.5rem] sm:block sm:min-h-100 sm:p-0 desk:min-h-0"
    >
      {lanes !== null && (
        <svg className="absolute inset-0 hidden size-full sm:block">
          <LaneLines lanes={lanes} />
          <PacketLayer lanes={lanes} moving={moving} />
        </svg>
      )}
      <QuorumNote />
      {members.map((id) => (
        <div
          key={id}
          className="w-full sm:absolute sm:h-(--card-h) sm:w-(--card-w) sm:-translate-1/2"
          style={positionOf(places.get(id))}
        >
          <NodeCard id={id} />
        </div>
      ))}
      {pairsOf(members, links).map((pair) => (
        <div
          key={linkKey(pair.a, pair.b)}
          className="flex items-center justify-between sm:absolute sm:-translate-1/2"
          style={positionOf(
            between(places.get(pair.a), places.get(pair.b), switchAt(members, pair)),
          )}
        >
          <span className="sm:hidden" aria-hidden="true">
            Link <span className="font-mono">{pair.a}</span> to{' '}
            <span className="font-mono">{pair.b}</span>
          </span>
          <LinkSwitch
            pair={pair}
            rate={rates === null ? null : (rates.get(linkKey(pair.a, pair.b)) ?? 0)}
          />
        </div>
      ))}
    </div>
  );
}

/** By "from>to". */
function lanesOf(
  places: ReadonlyMap<string, Place>,
  { stage, card }: StageSizes,
): ReadonlyMap<string, Lane> {
  const lanes = new Map<string, Lane>();
  for (const [from, a] of places) {
    for (const [to, b] of places) {
      if (from === to) continue;
      const lane = laneBetween(centreOf(a, stage, card), centreOf(b, stage, card), card);
      lanes.set(`${from}>${to}`, lane);
    }
  }
  return lanes;
}

function LaneLines({ lanes }: { readonly lanes: ReadonlyMap<string, Lane> }) {
  const links = useLive((state) => state.view?.links ?? []);
  const up = useLive((state) =>
    (state.view?.nodes ?? []).filter((node) => node.state === 'serving').map((node) => node.id),
  );
  return links.map((link) => {
    const key = `${link.from}>${link.to}`;
    const lane = lanes.get(key);
    if (lane === undefined) return null;
    const isIdle = !up.includes(link.from) || !up.includes(link.to);
    return <LaneLine key={key} link={link} lane={lane} isIdle={isIdle} />;
  });
}

/** The arithmetic behind every decision, in words, in the middle of the picture. */
function QuorumNote() {
  const { members, quorum, voters, joint, up, state, split } = useLive(({ view }) => {
    const sides = view === null ? [] : sidesOf(view);
    return {
      members: view?.members.length ?? 0,
      quorum: view?.quorum ?? 0,
      voters: view?.voters.length ?? 0,
      joint: view?.votersOutgoing.join(' ') ?? '',
      up:
        view?.nodes.filter((node) => node.state === 'serving' && deciders(view).includes(node.id))
          .length ?? 0,
      state: view === null ? null : verdictOf(view).state,
      split:
        sides.length < 2
          ? ''
          : sides
              .map(
                (side, i) =>
                  `${sideLetter(i)}: ${side.nodes.join(' ')}, ${side.hasQuorum ? 'quorum' : 'no quorum'}`,
              )
              .join('\n'),
    };
  });
  const isAlarming = state === 'no-quorum' || state === 'stopped';
  const can = isAlarming
    ? 'cannot commit, by design'
    : state === 'electing'
      ? 'electing a leader'
      : 'can commit';
  return (
    <p
      className="order-last rounded-lg bg-surface/80 px-1.5 text-center text-sm sm:absolute sm:-translate-1/2"
      style={positionOf({ x: 0, y: noteY(members) })}
    >
      <span className="font-mono text-base font-medium">{quorum}</span> of{' '}
      <span className="font-mono text-base font-medium">{voters}</span> is a quorum
      {joint !== '' && (
        <span className="block font-medium" data-testid="joint-note">
          and a majority of <span className="font-mono">{joint}</span>: joint
        </span>
      )}
      <br />
      <span className={isAlarming ? 'text-danger' : 'text-quiet'}>
        {up} up, {can}
      </span>
      {split !== '' && <span className="mt-1 block whitespace-pre-line">{split}</span>}
    </p>
  );
}

/** Says over the drained picture how old it is. */
function StaleNote() {
  const note = useFreshness();
  if (note === null) return null;
  return (
    <p className="absolute inset-x-0 bottom-3 mx-auto w-fit rounded-lg border border-line-strong bg-raised px-3 py-1.5 font-medium">
      {note}
    </p>
  );
}

/** Where along its link a switch stands: in the middle, but for links that all cross in the middle of the stage. */
function switchAt(members: readonly string[], { a, b }: { a: string; b: string }): number {
  const apart = Math.abs(members.indexOf(a) - members.indexOf(b));
  return apart * 2 === members.length ? 0.36 : 0.5;
}

/** The place at `part` of the way from `a` to `b`. */
function between(a: Place | undefined, b: Place | undefined, part: number): Place | undefined {
  return a === undefined || b === undefined
    ? undefined
    : { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part };
}

/** Where the links leave room for a word, by the number of nodes. */
function noteY(nodes: number): number {
  return nodes === 3 || nodes === 5 ? 0.24 : 0;
}

/** The centre of what stands at `place`, as `centreOf` counts it, but by the style sheet: right from the first paint. */
function positionOf(place: Place | undefined): CSSProperties {
  const { x, y } = place ?? { x: 0, y: 0 };
  const room = (half: string): string => `(50% - ${half} - ${STAGE_MARGIN_PX}px)`;
  return {
    left: `calc(50% + ${x} * ${room('var(--card-w) / 2')})`,
    top: `calc(50% + ${y} * ${room('var(--card-h) / 2')})`,
  };
}
