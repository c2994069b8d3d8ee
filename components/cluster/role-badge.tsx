import type { NodeView } from '../../contracts/view.ts';

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

const ARC_RADIUS = 19;
const ARC_LENGTH = 2 * Math.PI * ARC_RADIUS;

/**
 * A node's role by shape and by colour, and around it the time that is left:
 * to its next election for a follower, to its next heartbeat for a leader.
 */
export function RoleBadge({ node }: { readonly node: NodeView }) {
  const role = shownRole(node);
  const colour = COLOUR[role];
  const left =
    role === 'down' || node.deadlineSpanMs === 0
      ? 0
      : Math.min(1, Math.max(0, (node.deadlineAtMs - node.reportedAtMs) / node.deadlineSpanMs));
  return (
    <svg viewBox="0 0 48 48" className="size-12 shrink-0" aria-hidden="true">
      <circle
        cx="24"
        cy="24"
        r={ARC_RADIUS}
        fill="none"
        stroke="var(--line)"
        strokeWidth="2.5"
        strokeDasharray={role === 'down' ? '2 4' : undefined}
      />
      {role !== 'down' && (
        <circle
          cx="24"
          cy="24"
          r={ARC_RADIUS}
          fill="none"
          stroke={colour}
          strokeWidth={role === 'leader' ? 4 : 2.5}
          strokeLinecap="round"
          strokeDasharray={role === 'leader' ? undefined : `${left * ARC_LENGTH} ${ARC_LENGTH}`}
          transform="rotate(-90 24 24)"
          className="transition-[stroke-dasharray] duration-100 ease-linear"
        />
      )}
      <Shape role={role} colour={colour} />
    </svg>
  );
}

function Shape({ role, colour }: { readonly role: ShownRole; readonly colour: string }) {
  switch (role) {
    case 'leader':
      return (
        <>
          <circle cx="24" cy="24" r="13" fill={colour} />
          <path d="M16.5 28.5v-9l4 4 3.5-6 3.5 6 4-4v9z" fill="var(--surface)" />
        </>
      );
    case 'follower':
      return <circle cx="24" cy="24" r="11" fill={colour} />;
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
