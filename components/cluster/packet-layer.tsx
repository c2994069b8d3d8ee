'use client';

import { useEffect, useRef } from 'react';
import type { RefObject } from 'react';
import type { Packet } from '../../contracts/live.ts';
import { useLive } from '../live/live-provider.tsx';
import { lane } from './geometry.ts';
import type { Point } from './geometry.ts';

/** How long a message is shown on its way, ms. The real ones take well under a millisecond. */
const TRAVEL_MS = 520;
const POOL = 60;

interface Flight {
  readonly shape: SVGPathElement;
  readonly from: Point;
  readonly to: Point;
  readonly startMs: number;
}

/**
 * Messages on their way: one shape for each kind and link in each sample of a
 * tenth of a second. Moved outside React by a single animation loop over a
 * fixed pool of shapes.
 */
export function PacketLayer({
  places,
  moving,
}: {
  readonly places: ReadonlyMap<string, Point>;
  readonly moving: boolean;
}) {
  const layer = useRef<SVGGElement>(null);
  const { packets, batch } = useLive((state) => ({
    packets: state.packets,
    batch: state.packetBatch,
  }));
  const fly = useFlights(layer);
  useEffect(() => {
    if (moving && batch > 0) fly(packets, places);
    // A batch is flown once, whatever else changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [batch]);
  return <g ref={layer} aria-hidden="true" />;
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
      const done = (nowMs - flight.startMs) / TRAVEL_MS;
      if (done >= 1) {
        flight.shape.setAttribute('visibility', 'hidden');
        free.current.push(flight.shape);
        return false;
      }
      const x = flight.from.x + (flight.to.x - flight.from.x) * Math.max(0, done);
      const y = flight.from.y + (flight.to.y - flight.from.y) * Math.max(0, done);
      const angle =
        (Math.atan2(flight.to.y - flight.from.y, flight.to.x - flight.from.x) * 180) / Math.PI;
      flight.shape.setAttribute('transform', `translate(${x} ${y}) rotate(${angle})`);
      return true;
    });
    frame.current = flights.current.length > 0 ? requestAnimationFrame(step) : null;
  };

  return (packets: readonly Packet[], places: ReadonlyMap<string, Point>): void => {
    const nowMs = performance.now();
    for (const packet of packets) {
      const a = places.get(packet.from);
      const b = places.get(packet.to);
      const shape = a === undefined || b === undefined ? undefined : free.current.pop();
      if (a === undefined || b === undefined || shape === undefined) continue;
      const [from, to] = lane(a, b);
      const look = lookOf(packet);
      shape.setAttribute('d', look.path);
      shape.setAttribute('fill', look.hollow ? 'var(--surface)' : 'var(--text)');
      shape.setAttribute('stroke', 'var(--text)');
      shape.setAttribute('visibility', 'visible');
      flights.current.push({ shape, from, to, startMs: nowMs });
    }
    frame.current ??= requestAnimationFrame(step);
  };
}

const SHAPES = {
  heartbeat: 'M-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0z',
  append: 'M-6-6 7 0-6 6z',
  vote: 'M0-7 7 0 0 7-7 0z',
  cross: 'M-6-6 6 6M6-6-6 6',
} as const;

/** Kinds are told apart by shape: answers are hollow, refusals crossed. */
function lookOf(packet: Packet): { readonly path: string; readonly hollow: boolean } {
  if (packet.refused > 0) return { path: `${SHAPES.vote}${SHAPES.cross}`, hollow: true };
  switch (packet.type) {
    case 'Heartbeat':
      return { path: SHAPES.heartbeat, hollow: false };
    case 'HeartbeatResponse':
      return { path: SHAPES.heartbeat, hollow: true };
    case 'AppendEntries':
      return { path: SHAPES.append, hollow: false };
    case 'AppendEntriesResponse':
      return { path: SHAPES.append, hollow: true };
    case 'PreVote':
    case 'RequestVote':
      return { path: SHAPES.vote, hollow: false };
    case 'PreVoteResponse':
    case 'RequestVoteResponse':
      return { path: SHAPES.vote, hollow: true };
  }
}

/** What the shapes mean. */
export function PacketLegend() {
  return (
    <ul
      className="flex flex-wrap gap-x-3 gap-y-0.5 text-[11px] text-quiet"
      aria-label="Message shapes"
    >
      <LegendItem path={SHAPES.heartbeat} word="heartbeat" />
      <LegendItem path={SHAPES.append} word="entries" />
      <LegendItem path={SHAPES.vote} word="vote" />
      <li>hollow: answer, crossed: refusal</li>
    </ul>
  );
}

function LegendItem({ path, word }: { readonly path: string; readonly word: string }) {
  return (
    <li className="flex items-center gap-1">
      <svg viewBox="-8 -8 16 16" className="size-3" aria-hidden="true">
        <path d={path} fill="currentColor" />
      </svg>
      {word}
    </li>
  );
}
