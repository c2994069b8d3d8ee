'use client';

import { useEffect, useRef } from 'react';
import type { NodeView } from '../../contracts/view.ts';
import { useLive, useViewingState } from '../live/live-provider.tsx';
import { useMotion } from '../live/live-root.tsx';

export type ShownRole = 'leader' | 'follower' | 'candidate' | 'down';

export function shownRole(node: NodeView): ShownRole {
  if (node.state !== 'serving') return 'down';
  if (node.role === 'leader') return 'leader';
  return node.role === 'follower' ? 'follower' : 'candidate';
}

const COLOUR: Record<ShownRole, string> = {
  leader: 'var(--role-leader)',
  follower: 'var(--role-follower)',
  candidate: 'var(--role-candidate)',
  down: 'var(--role-down)',
};

const ARC_RADIUS = 20.5;
const ARC_LENGTH = 2 * Math.PI * ARC_RADIUS;
/** A deadline that comes round faster than this is only a flicker: its ring stays whole, ms. */
const SLOWEST_FLICKER_MS = 200;

/**
 * A node's role by shape and by colour, and around it the time that is left:
 * to its next election for a follower, to its next heartbeat for a leader.
 */
export function RoleBadge({
  node,
  hasVote,
}: {
  readonly node: NodeView;
  readonly hasVote: boolean;
}) {
  const role = shownRole(node);
  const colour = COLOUR[role];
  const pace = useLive(({ view }) => view?.pace.pace ?? 1);
  const hasArc = role !== 'down' && node.deadlineSpanMs >= SLOWEST_FLICKER_MS * pace;
  return (
    <svg
      viewBox="0 0 48 48"
      className="size-12 shrink-0 sm:group-data-[density=small]/stage:size-9"
      aria-hidden="true"
    >
      <circle
        cx="24"
        cy="24"
        r={ARC_RADIUS}
        fill="none"
        stroke={hasArc || role === 'down' ? 'var(--line)' : colour}
        strokeWidth={role === 'leader' ? 4 : 2.5}
        strokeDasharray={role === 'down' ? '2 4' : undefined}
      />
      {hasArc && <Arc node={node} colour={colour} />}
      <Shape role={role} colour={colour} isHollow={!hasVote} />
    </svg>
  );
}

/** Runs out by itself until the next report, at the cluster's pace. */
function Arc({ node, colour }: { readonly node: NodeView; readonly colour: string }) {
  const { deadlineAtMs, deadlineSpanMs, reportedAtMs } = node;
  const arc = useRef<SVGCircleElement>(null);
  const moving = useMotion();
  const offset = useLive((state) => state.serverOffsetMs);
  const isStale = useLive((state) => state.conn === 'reconnecting');
  /** Of what is not live the ring stands as it stood at that moment. */
  const atMs = useViewingState((state) => state.atMs);
  const pace = useLive(({ view }) => view?.pace.pace ?? 1);
  const sinceReportMs = (nowMs: number): number => Math.max(0, nowMs - reportedAtMs) * pace;
  const left = partLeft(
    deadlineAtMs - reportedAtMs - (atMs === null ? 0 : sinceReportMs(atMs)),
    deadlineSpanMs,
  );
  const isLive = atMs === null;
  useEffect(() => {
    if (!moving || isStale || !isLive || pace === 0) return;
    const sinceMs = Math.max(0, Date.now() + offset - reportedAtMs) * pace;
    const leftMs = Math.max(0, deadlineAtMs - reportedAtMs - sinceMs);
    const run = arc.current?.animate(
      [
        { strokeDashoffset: ARC_LENGTH * (1 - partLeft(leftMs, deadlineSpanMs)) },
        { strokeDashoffset: ARC_LENGTH },
      ],
      { duration: leftMs / pace, fill: 'forwards' },
    );
    return () => run?.cancel();
  }, [moving, isStale, isLive, offset, pace, deadlineAtMs, deadlineSpanMs, reportedAtMs]);
  return (
    <circle
      ref={arc}
      cx="24"
      cy="24"
      r={ARC_RADIUS}
      fill="none"
      stroke={colour}
      strokeWidth="2.5"
      strokeDasharray={ARC_LENGTH}
      strokeDashoffset={ARC_LENGTH * (1 - left)}
      transform="rotate(-90 24 24)"
    />
  );
}

function partLeft(leftMs: number, spanMs: number): number {
  return Math.min(1, Math.max(0, leftMs / spanMs));
}

interface ShapeProps {
  readonly role: ShownRole;
  readonly colour: string;
  /** It has no vote. */
  readonly isHollow: boolean;
}

function Shape({ role, colour, isHollow }: ShapeProps) {
  switch (role) {
    case 'leader':
      return (
        <>
          <circle cx="24" cy="24" r="15" fill={colour} />
          <path d="M15.5 29.5v-10.5l4.6 4.4 3.9-7 3.9 7 4.6-4.4v10.5z" fill="var(--surface)" />
        </>
      );
    case 'follower':
      return isHollow ? (
        <circle cx="24" cy="24" r="9.5" fill="none" stroke={colour} strokeWidth="3" />
      ) : (
        <circle cx="24" cy="24" r="11" fill={colour} />
      );
    case 'candidate':
      return (
        <path
          d="M24 11 37 24 24 37 11 24z"
          fill={colour}
          stroke="var(--surface)"
          strokeDasharray="3 2"
        />
      );
    case 'down':
      return (
        <>
          <rect
            x="14"
            y="14"
            width="20"
            height="20"
            rx="2"
            fill="none"
            stroke={colour}
            strokeWidth="2"
            strokeDasharray="3 2.5"
          />
          <path d="m18 18 12 12m0-12L18 30" stroke={colour} strokeWidth="2" />
        </>
      );
  }
}
