'use client';

import { useEffect, useState } from 'react';
import type { Loss } from '../../client/pace-state.ts';
import { useLive } from '../live/live-provider.tsx';
import type { Lane } from './geometry.ts';
import { lookOf, scaleOf, SHAPES } from './packet-shapes.ts';

/** How long a cross stays where a message was lost, ms; it fades in that time, or stands still for it. */
const STAYS_MS = 1400;
/** No farther than this, so that the cross of what died at the door of a node is not under its card. */
const MOST_PART = 0.94;

interface LossMarksProps {
  /** By "from>to". */
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly moving: boolean;
}

/** A cross where each message of a slowed cluster was lost; the list of messages has them in words. */
export function LossMarks({ lanes, moving }: LossMarksProps) {
  const losses = useLive((state) => state.losses);
  return (
    <g aria-hidden="true">
      {losses.map((loss) => {
        const lane = lanes.get(`${loss.packet.from}>${loss.packet.to}`);
        return (
          lane !== undefined && (
            <LossMark key={loss.packet.id} loss={loss} lane={lane} moving={moving} />
          )
        );
      })}
    </g>
  );
}

interface LossMarkProps {
  readonly loss: Loss;
  readonly lane: Lane;
  readonly moving: boolean;
}

function LossMark({ loss: { packet, how, part, toldAtMs }, lane, moving }: LossMarkProps) {
  const [isOver, setOver] = useState(() => Date.now() - toldAtMs >= STAYS_MS);
  useEffect(() => {
    const timer = setTimeout(() => setOver(true), STAYS_MS);
    return () => clearTimeout(timer);
  }, []);
  if (isOver) return null;
  const look = lookOf({ type: packet.type, refused: packet.refused ? 1 : 0 });
  const reach = Math.min(part, MOST_PART);
  const x = lane.from.x + (lane.to.x - lane.from.x) * reach;
  const y = lane.from.y + (lane.to.y - lane.from.y) * reach;
  return (
    <g
      data-testid="packet-loss"
      data-how={how}
      data-lost={packet.id}
      transform={`translate(${x} ${y})`}
      className={moving ? 'fades' : undefined}
    >
      <path
        d={look.path}
        fill="var(--surface)"
        stroke="var(--quiet)"
        strokeWidth="1.5"
        transform={`rotate(${lane.angle}) scale(${1.25 * scaleOf(packet)})`}
      />
      <g strokeLinecap="round" transform="scale(1.7)">
        <path d={SHAPES.cross} stroke="var(--surface)" strokeWidth="4" />
        <path d={SHAPES.cross} stroke="var(--danger)" strokeWidth="1.8" />
      </g>
    </g>
  );
}
