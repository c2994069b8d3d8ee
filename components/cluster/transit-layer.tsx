'use client';

import { useEffect, useRef } from 'react';
import { clusterMsAt, partOfWay } from '../../client/pace-state.ts';
import type { PaceView, TransitView } from '../../contracts/pace.ts';
import { useLive } from '../live/live-provider.tsx';
import type { Lane } from './geometry.ts';
import { usePacketChoice } from './packet-choice.ts';
import { LossMarks } from './loss-marks.tsx';
import { lookOf, scaleOf } from './packet-shapes.ts';

const POOL = 60;
/** Around a message, for the pointer, px. */
const TARGET_PX = 15;
const NONE: readonly TransitView[] = [];

interface TransitLayerProps {
  /** By "from>to". */
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly moving: boolean;
}

/**
 * The messages of a slowed cluster, each where it is: by cluster time, so that
 * they stand still when it does. Moved outside React by a single animation loop
 * over a fixed pool of shapes. For those who want no motion they are counted
 * while they move, and drawn where they stand.
 */
export function TransitLayer({ lanes, moving }: TransitLayerProps) {
  const { pace, transit, offset } = useLive(({ view, serverOffsetMs }) => ({
    pace: view?.pace ?? null,
    transit: view?.transit ?? NONE,
    offset: serverOffsetMs,
  }));
  const layer = useRef<SVGGElement>(null);
  const choose = usePacketChoice((state) => state.choose);
  const isDrawn = pace !== null && (moving || pace.pace === 0);
  useEffect(() => {
    const group = layer.current;
    if (group === null || pace === null || !isDrawn) return;
    return draw(group, transit.slice(-POOL), lanes, pace, offset);
  }, [transit, lanes, pace, offset, isDrawn]);
  return (
    // Above the switches of the links, which messages pass over.
    <svg className="pointer-events-none absolute inset-0 hidden size-full sm:block">
      {/* The list of the speed bar has the same messages for the keyboard and for those who do not see the picture. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- as above */}
      <g
        ref={layer}
        aria-hidden="true"
        data-testid="transit-layer"
        onClick={(event) => {
          const id = (event.target as Element)
            .closest('[data-packet]')
            ?.getAttribute('data-packet');
          const packet = transit.find((candidate) => candidate.id === id);
          if (packet !== undefined) choose(packet);
        }}
      >
        {Array.from({ length: POOL }, (_, i) => (
          // eslint-disable-next-line react/no-array-index-key -- a pool: shapes have no name of their own
          <g key={i} visibility="hidden" className="pointer-events-auto cursor-pointer">
            <circle r={TARGET_PX} fill="transparent" />
            <path strokeWidth="1.5" stroke="var(--text)" />
          </g>
        ))}
      </g>
      {pace !== null && !isDrawn && <Counts transit={transit} lanes={lanes} />}
      <LossMarks lanes={lanes} moving={moving} />
    </svg>
  );
}

/** Puts each message where it is, again in each frame while time goes on; gives what ends that. */
function draw(
  group: SVGGElement,
  transit: readonly TransitView[],
  lanes: ReadonlyMap<string, Lane>,
  pace: PaceView,
  offsetMs: number,
): () => void {
  const shapes = [...group.children] as SVGGElement[];
  const shown: {
    readonly shape: SVGGElement;
    readonly packet: TransitView;
    readonly lane: Lane;
  }[] = [];
  for (const packet of transit) {
    const lane = lanes.get(`${packet.from}>${packet.to}`);
    const shape = shapes[shown.length];
    if (lane === undefined || shape === undefined) continue;
    dress(shape, packet);
    shown.push({ shape, packet, lane });
  }
  for (const shape of shapes.slice(shown.length)) {
    shape.setAttribute('visibility', 'hidden');
    shape.removeAttribute('data-packet');
  }
  let frame: number | null = null;
  const place = (): void => {
    const clusterMs = clusterMsAt(pace, Date.now() + offsetMs);
    for (const { shape, packet, lane } of shown) {
      const part = partOfWay(packet, clusterMs);
      const x = lane.from.x + (lane.to.x - lane.from.x) * part;
      const y = lane.from.y + (lane.to.y - lane.from.y) * part;
      shape.setAttribute('transform', `translate(${x} ${y})`);
      shape.lastElementChild?.setAttribute(
        'transform',
        `rotate(${lane.angle}) scale(${1.25 * scaleOf(packet)})`,
      );
    }
    frame = pace.pace > 0 && shown.length > 0 ? requestAnimationFrame(place) : null;
  };
  place();
  return () => {
    if (frame !== null) cancelAnimationFrame(frame);
    for (const { shape } of shown) shape.setAttribute('visibility', 'hidden');
  };
}

function dress(shape: SVGGElement, packet: TransitView): void {
  const look = lookOf({ type: packet.type, refused: packet.refused ? 1 : 0 });
  shape.setAttribute('visibility', 'visible');
  shape.setAttribute('data-packet', packet.id);
  shape.setAttribute('data-type', packet.type);
  shape.lastElementChild?.setAttribute('d', look.path);
  shape.lastElementChild?.setAttribute('fill', look.hollow ? 'var(--surface)' : 'var(--text)');
}

/** How many messages are on each lane, in its middle. */
function Counts({
  transit,
  lanes,
}: {
  readonly transit: readonly TransitView[];
  readonly lanes: TransitLayerProps['lanes'];
}) {
  const counts = new Map<string, number>();
  for (const { from, to } of transit)
    counts.set(`${from}>${to}`, (counts.get(`${from}>${to}`) ?? 0) + 1);
  return (
    <g aria-hidden="true" className="font-mono text-xs" fill="var(--text)">
      {[...counts].map(([key, count]) => {
        const lane = lanes.get(key);
        if (lane === undefined) return null;
        // A quarter of the way: the switch of the link stands in its middle.
        const x = lane.from.x + (lane.to.x - lane.from.x) / 4;
        const y = lane.from.y + (lane.to.y - lane.from.y) / 4;
        return (
          <text key={key} x={x} y={y} textAnchor="middle" dominantBaseline="central">
            {count}
          </text>
        );
      })}
    </g>
  );
}
