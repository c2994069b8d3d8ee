'use client';

import clsx from 'clsx';
import { useRef, useState } from 'react';
import type { ComponentProps, CSSProperties } from 'react';
import { deciders } from '../../client/quorum.ts';
import { sidesOf, verdictOf } from '../../client/verdict.ts';
import type { Side } from '../../client/verdict.ts';
import type { ClusterView } from '../../contracts/view.ts';
import { useLive, useViewingState } from '../live/live-provider.tsx';
import { useMotion } from '../live/live-root.tsx';
import { useFreshness } from '../live/freshness.ts';
import { ClusterActions } from './cluster-actions.tsx';
import { CutStroke } from './cut-stroke.tsx';
import {
  alongLink,
  centreOf,
  densityOf,
  laneBetween,
  placeNodes,
  STAGE_MARGIN_PX,
} from './geometry.ts';
import type { Lane, Place } from './geometry.ts';
import { LinkPull } from './link-pull.tsx';
import { LinkPopover } from './link-popover.tsx';
import { LaneLine, LinkSwitch, pairsOf } from './links.tsx';
import { NodeCard, sideLetter } from './node-card.tsx';
import { PacketLayer, PacketLegend } from './packet-layer.tsx';
import { PacketSheet } from './packet-sheet.tsx';
import { TransitLayer } from './transit-layer.tsx';
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
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1.5 border-b border-line px-3 py-2 presenting:hidden">
          <div className="flex min-w-0 flex-wrap items-center gap-x-4 gap-y-1.5 sm:flex-1">
            <ClusterActions />
            <MessagesNote />
          </div>
          {members.length > MOST_AROUND_NOTE && (
            <QuorumNote className="text-xs leading-4 sm:text-right" />
          )}
        </div>
        <Picture members={members} />
      </div>
      <StaleNote />
      <PacketSheet />
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
  const [chosen, setChosen] = useState<ChosenLink | null>(null);
  return (
    <div
      ref={stage}
      data-stage
      data-density={densityOf(members.length)}
      className="group/stage relative grid min-h-0 flex-1 grid-cols-2 content-start gap-x-4 gap-y-2 p-3 [--card-h:8.75rem] [--card-w:19rem] data-[density=compact]:[--card-h:6.5rem] data-[density=compact]:[--card-w:15.5rem] presenting:data-[density=compact]:[--card-h:6.875rem] presenting:data-[density=compact]:[--card-w:12rem] data-[density=small]:[--card-h:4.25rem] data-[density=small]:[--card-w:11.5rem] sm:block sm:min-h-100 sm:p-0 desk:min-h-0 presenting:min-h-0"
    >
      {lanes !== null && (
        <svg className="absolute inset-0 hidden size-full sm:block">
          <LaneLines
            lanes={lanes}
            onChoose={(a, b, anchor) => {
              const [first = a, second = b] = members.filter((id) => id === a || id === b);
              setChosen({ a: first, b: second, anchor });
            }}
          />
          <PacketLayer lanes={lanes} moving={moving} />
        </svg>
      )}
      {members.length <= MOST_AROUND_NOTE && (
        <QuorumNote
          className="order-last col-span-2 text-center text-sm sm:absolute sm:-translate-1/2"
          style={positionOf({ x: 0, y: members.length === 3 ? 0.32 : 0 })}
        />
      )}
      {members.map((id) => (
        <div
          key={id}
          className="col-span-2 sm:absolute sm:h-(--card-h) sm:w-(--card-w) sm:-translate-1/2"
          style={positionOf(places.get(id))}
        >
          <NodeCard id={id} />
        </div>
      ))}
      {pairsOf(members, links).map((pair) => (
        <div
          key={linkKey(pair.a, pair.b)}
          className="flex items-center justify-between sm:absolute sm:-translate-1/2"
          style={switchStyle(pair, members, places, lanes)}
        >
          <span className="whitespace-nowrap sm:hidden" aria-hidden="true">
            <span className="font-mono">{pair.a}</span> to{' '}
            <span className="font-mono">{pair.b}</span>
          </span>
          <LinkSwitch
            pair={pair}
            rate={rates === null ? null : (rates.get(linkKey(pair.a, pair.b)) ?? 0)}
            onMore={(anchor) => setChosen({ a: pair.a, b: pair.b, anchor })}
          />
        </div>
      ))}
      {lanes !== null && <CutStroke lanes={lanes} />}
      {chosen !== null && (
        <LinkPopover
          key={linkKey(chosen.a, chosen.b)}
          {...chosen}
          onClose={() => setChosen(null)}
        />
      )}
      {lanes !== null && <TransitLayer lanes={lanes} moving={moving} />}
      <LinkPull />
    </div>
  );
}

interface ChosenLink {
  readonly a: string;
  readonly b: string;
  /** What was clicked. */
  readonly anchor: Element;
}

/** In the middle of what is seen of the link; before that is known, between the places. */
function switchStyle(
  pair: { readonly a: string; readonly b: string },
  members: readonly string[],
  places: ReadonlyMap<string, Place>,
  lanes: ReadonlyMap<string, Lane> | null,
): CSSProperties {
  const part = switchAt(members, pair);
  const there = lanes?.get(`${pair.a}>${pair.b}`);
  const back = lanes?.get(`${pair.b}>${pair.a}`);
  if (there === undefined || back === undefined)
    return positionOf(between(places.get(pair.a), places.get(pair.b), part));
  const { x, y } = alongLink(there, back, part);
  return { left: x, top: y };
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

interface LaneLinesProps {
  readonly lanes: ReadonlyMap<string, Lane>;
  onChoose(a: string, b: string, line: Element): void;
}

function LaneLines({ lanes, onChoose }: LaneLinesProps) {
  const links = useLive((state) => state.view?.links ?? []);
  const up = useLive((state) =>
    (state.view?.nodes ?? []).filter((node) => node.state === 'serving').map((node) => node.id),
  );
  return links.map((link) => {
    const key = `${link.from}>${link.to}`;
    const lane = lanes.get(key);
    if (lane === undefined) return null;
    const isIdle = !up.includes(link.from) || !up.includes(link.to);
    return (
      <LaneLine
        key={key}
        link={link}
        lane={lane}
        isIdle={isIdle}
        onClick={(line) => onChoose(link.from, link.to, line)}
      />
    );
  });
}

/** The links of more nodes than this leave no room for words in the middle of the picture. */
const MOST_AROUND_NOTE = 3;

/** The arithmetic behind every decision, in words. */
function QuorumNote({ className, style }: Pick<ComponentProps<'p'>, 'className' | 'style'>) {
  const { quorum, voters, joint, up, state, split } = useLive(({ view }) => {
    const sides = view === null ? [] : sidesOf(view);
    return {
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
          : sides.map((side, i) => `${sideLetter(i)}: ${sideWords(view, side)}`).join('\n'),
    };
  });
  const isAlarming = state === 'no-quorum' || state === 'stopped';
  const can = isAlarming
    ? 'cannot commit'
    : state === 'electing'
      ? 'electing a leader'
      : 'can commit';
  return (
    <p className={clsx('rounded-lg bg-surface/80 px-1.5', className)} style={style}>
      <span className="font-mono text-[1.15em] font-medium">{quorum}</span> of{' '}
      <span className="font-mono text-[1.15em] font-medium">{voters}</span> is a quorum
      {joint !== '' && (
        <span className="block font-medium" data-testid="joint-note">
          and a majority of <span className="font-mono">{joint}</span>: joint
        </span>
      )}
      <br />
      <span className={isAlarming ? 'text-danger' : 'text-quiet'}>
        {up} up, {can}
      </span>
      {split !== '' && <span className="block whitespace-pre-line">{split}</span>}
    </p>
  );
}

/** What the shapes of messages mean, or why there are none. */
function MessagesNote() {
  const mode = useViewingState((state) => state.mode);
  const freshness = useFreshness();
  if (mode === 'live' && freshness === null) return <PacketLegend />;
  // In the room of the legend, so that no node moves.
  return (
    <div className="relative">
      <div className="invisible">
        <PacketLegend />
      </div>
      {mode === 'live' ? (
        <p className="absolute inset-0 font-medium">{freshness}</p>
      ) : (
        <p className="absolute inset-0 text-xs text-quiet">
          {mode === 'replay'
            ? 'Messages between nodes are not recorded'
            : 'Messages are not shown while the view is paused'}
        </p>
      )}
    </div>
  );
}

/** How many of those who decide are on the side. */
function sideWords(view: ClusterView | null, { nodes, hasQuorum }: Side): string {
  const voters = view === null ? [] : deciders(view);
  const here = voters.filter((id) => nodes.includes(id)).length;
  return `${here} of ${voters.length}, ${hasQuorum ? 'quorum' : 'no quorum'}`;
}

/** In a presentation, which has no legend, says how old the drained picture is. */
function StaleNote() {
  const note = useFreshness();
  const isLive = useViewingState(({ mode }) => mode === 'live');
  if (note === null || !isLive) return null;
  return (
    <p className="absolute top-2 right-3 hidden rounded-lg border border-line-strong bg-raised px-3 py-1.5 font-medium presenting:block">
      {note}
    </p>
  );
}

/** Where along its link a switch stands: in the middle, but for links that all cross in the middle of the stage. */
function switchAt(members: readonly string[], { a, b }: { a: string; b: string }): number {
  const apart = Math.abs(members.indexOf(a) - members.indexOf(b));
  return apart * 2 === members.length ? 0.4 : 0.5;
}

/** The place at `part` of the way from `a` to `b`. */
function between(a: Place | undefined, b: Place | undefined, part: number): Place | undefined {
  return a === undefined || b === undefined
    ? undefined
    : { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part };
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
