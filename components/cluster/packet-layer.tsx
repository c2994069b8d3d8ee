'use client';

import { useEffect, useRef } from 'react';
import type { RefObject } from 'react';
import type { Packet } from '../../contracts/live.ts';
import { useLive } from '../live/live-provider.tsx';
import type { Lane } from './geometry.ts';
import { lookOf, scaleOf, SHAPES } from './packet-shapes.ts';

/** How long a message is shown on its way, ms. The real ones take well under a millisecond. */
const TRAVEL_MS = 560;
/** How long the cross stays where a message was lost, ms. */
const LOST_MS = 260;
/** Messages of one sample follow one another on a lane after this, ms. */
const STAGGER_MS = 45;
const POOL = 60;

interface Flight {
  readonly shape: SVGPathElement;
  readonly lane: Lane;
  readonly scale: number;
  readonly startMs: number;
  /** How far it gets: 1 is there. */
  readonly reach: number;
  crossed: boolean;
}

interface PacketLayerProps {
  /** By "from>to". */
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly moving: boolean;
}

/**
 * Messages on their way: one shape for each kind and link in each sample of a
 * tenth of a second. Moved outside React by a single animation loop over a
 * fixed pool of shapes. What is sent into a cut link or to a dead node is lost
 * on the way, and shown so.
 */
export function PacketLayer({ lanes, moving }: PacketLayerProps) {
  const layer = useRef<SVGGElement>(null);
  const { packets, batch } = useLive((state) => ({
    packets: state.packets,
    batch: state.packetBatch,
  }));
  // Of a slowed cluster each message is shown by itself: see transit-layer.tsx.
  const isFast = useLive(({ view }) => (view?.pace.pace ?? 1) === 1);
  const reach = useReach();
  const fly = useFlights(layer);
  useEffect(() => {
    if (moving && isFast && batch > 0) fly(packets, lanes, reach);
    // A batch is flown once, whatever else changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [batch]);
  return <g ref={layer} aria-hidden="true" />;
}

/** Tells how far a message from one node to another gets. */
function useReach(): (packet: Packet) => number {
  const cut = useLive((state) =>
    (state.view?.links ?? []).filter((link) => link.cut).map((link) => `${link.from}>${link.to}`),
  );
  const up = useLive((state) =>
    (state.view?.nodes ?? []).filter((node) => node.state === 'serving').map((node) => node.id),
  );
  return ({ from, to }) => {
    if (cut.includes(`${from}>${to}`)) return 0.4;
    return up.includes(to) ? 1 : 0.92;
  };
}

function useFlights(layer: RefObject<SVGGElement | null>) {
  const flights = useRef<Flight[]>([]);
  const free = useRef<SVGPathElement[]>([]);
  const frame = useRef<number | null>(null);

  useEffect(() => {
    const group = layer.current;
    if (group === null) return;
    for (let i = 0; i < POOL; i++) {
      const shape = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      shape.setAttribute('visibility', 'hidden');
      shape.setAttribute('stroke-width', '1.5');
      group.append(shape);
      free.current.push(shape);
    }
    return () => {
      if (frame.current !== null) cancelAnimationFrame(frame.current);
      frame.current = null;
      flights.current = [];
      free.current = [];
      group.replaceChildren();
    };
  }, [layer]);

  const step = (nowMs: number): void => {
    flights.current = flights.current.filter((flight) => {
      const goesOn = advance(flight, nowMs);
      if (!goesOn) {
        flight.shape.setAttribute('visibility', 'hidden');
        free.current.push(flight.shape);
      }
      return goesOn;
    });
    frame.current = flights.current.length > 0 ? requestAnimationFrame(step) : null;
  };

  return (
    packets: readonly Packet[],
    lanes: ReadonlyMap<string, Lane>,
    reach: (packet: Packet) => number,
  ): void => {
    const nowMs = performance.now();
    const onLane = new Map<Lane, number>();
    for (const packet of packets) {
      const lane = lanes.get(`${packet.from}>${packet.to}`);
      const shape = lane === undefined ? undefined : free.current.pop();
      if (lane === undefined || shape === undefined) continue;
      const before = onLane.get(lane) ?? 0;
      onLane.set(lane, before + 1);
      dress(shape, packet);
      flights.current.push({
        shape,
        lane,
        scale: scaleOf(packet),
        startMs: nowMs + before * STAGGER_MS,
        reach: reach(packet),
        crossed: false,
      });
    }
    frame.current ??= requestAnimationFrame(step);
  };
}

function dress(shape: SVGPathElement, packet: Packet): void {
  const look = lookOf(packet);
  shape.setAttribute('d', look.path);
  shape.setAttribute('fill', look.hollow ? 'var(--surface)' : 'var(--text)');
  shape.setAttribute('stroke', 'var(--text)');
}

/** Moves a message to where it is now; false once it is over. */
function advance(flight: Flight, nowMs: number): boolean {
  const { shape, lane, startMs, reach, scale } = flight;
  const elapsedMs = nowMs - startMs;
  if (elapsedMs < 0) return true;
  const isLost = reach < 1;
  const endMs = TRAVEL_MS * reach;
  if (elapsedMs >= endMs + (isLost ? LOST_MS : 0)) return false;
  if (elapsedMs >= endMs && !flight.crossed) {
    flight.crossed = true;
    shape.setAttribute('d', SHAPES.cross);
    shape.setAttribute('stroke', 'var(--danger)');
  }
  const done = Math.min(elapsedMs / TRAVEL_MS, reach);
  const x = lane.from.x + (lane.to.x - lane.from.x) * done;
  const y = lane.from.y + (lane.to.y - lane.from.y) * done;
  shape.setAttribute('transform', `translate(${x} ${y}) rotate(${lane.angle}) scale(${scale})`);
  shape.setAttribute('visibility', 'visible');
  return true;
}

/** What the shapes mean. */
export function PacketLegend() {
  return (
    <ul
      className="flex flex-wrap gap-x-3 gap-y-0.5 text-xs text-quiet sm:max-w-78"
      aria-label="Message shapes"
      title="Each mark stands for the messages of a tenth of a second, slowed for the eye: the real ones take less than a millisecond"
    >
      <LegendItem path={SHAPES.heartbeat} word="heartbeat" />
      <LegendItem path={SHAPES.append} word="entries" />
      <LegendItem path={SHAPES.snapshot} word="snapshot" />
      <LegendItem path={SHAPES.vote} word="vote" />
      <LegendItem path={SHAPES.preVote} word="pre-vote" hollow />
      <LegendItem path={SHAPES.heartbeat} word="answer" hollow />
      <LegendItem path={`${SHAPES.vote}${SHAPES.cross}`} word="refusal" hollow />
      <LegendItem path={SHAPES.cross} word="lost" />
    </ul>
  );
}

interface LegendItemProps {
  readonly path: string;
  readonly word: string;
  readonly hollow?: boolean;
}

function LegendItem({ path, word, hollow = false }: LegendItemProps) {
  return (
    <li className="flex items-center gap-1">
      <svg viewBox="-8 -8 16 16" className="size-3.5" aria-hidden="true">
        <path
          d={path}
          fill={hollow ? 'none' : 'currentColor'}
          stroke="currentColor"
          strokeWidth="1.5"
        />
      </svg>
      {word}
    </li>
  );
}
