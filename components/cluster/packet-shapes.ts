/** Messages are told apart by shape: answers are hollow, refusals crossed. */
import type { Packet } from '../../contracts/live.ts';

export interface Look {
  readonly path: string;
  readonly hollow: boolean;
}

export const SHAPES = {
  heartbeat: 'M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z',
  append: 'M-5.5-6 6.5 0-5.5 6z',
  vote: 'M0-6.5 6.5 0 0 6.5-6.5 0z',
  snapshot: 'M-6-6H6V6H-6z',
  preVote: 'M0-6.5 6.5 0 0 6.5-6.5 0zM-1.5 0a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0z',
  cross: 'M-5-5 5 5M5-5-5 5',
} as const;

export function lookOf(packet: Pick<Packet, 'refused' | 'type'>): Look {
  const look = kindOf(packet.type);
  return packet.refused > 0 ? { path: `${look.path}${SHAPES.cross}`, hollow: true } : look;
}

function kindOf(type: Packet['type']): Look {
  switch (type) {
    case 'Heartbeat':
    case 'ReadIndex':
      return { path: SHAPES.heartbeat, hollow: false };
    case 'HeartbeatResponse':
    case 'ReadIndexResponse':
      return { path: SHAPES.heartbeat, hollow: true };
    case 'AppendEntries':
      return { path: SHAPES.append, hollow: false };
    case 'AppendEntriesResponse':
      return { path: SHAPES.append, hollow: true };
    case 'InstallSnapshot':
      return { path: SHAPES.snapshot, hollow: false };
    case 'InstallSnapshotResponse':
      return { path: SHAPES.snapshot, hollow: true };
    case 'TimeoutNow':
      return { path: SHAPES.vote, hollow: false };
    case 'RequestVote':
      return { path: SHAPES.vote, hollow: false };
    case 'RequestVoteResponse':
      return { path: SHAPES.vote, hollow: true };
    case 'PreVote':
      return { path: SHAPES.preVote, hollow: true };
    case 'PreVoteResponse':
      return { path: SHAPES.vote, hollow: true };
  }
}

/** Larger the more entries are in it, to twice the size. */
export function scaleOf({ entries }: Pick<Packet, 'entries'>): number {
  return Math.min(2, 1 + Math.log10(Math.max(1, entries)) / 4);
}
