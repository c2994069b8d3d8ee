/** A write on its way, in words: the five steps, and what is awaited next. */
import type { WriteTrack } from './write-track.ts';

export interface WriteStep {
  readonly id: 'accepted' | 'appended' | 'acknowledged' | 'committed' | 'applied';
  /** `begun`: some of what it takes is there; `lost`: it was, and is no more. */
  readonly state: 'ahead' | 'begun' | 'done' | 'lost';
  /** By whom, or where; empty while nothing is known. */
  readonly detail: string;
}

/** In the order in which a write goes through them. */
export function stepsOf(track: WriteTrack | null): readonly WriteStep[] {
  const place = track?.place ?? null;
  const isLost = track !== null && track.overwrittenIn !== null;
  const isCommitted = track?.isCommitted ?? false;
  const applied = track?.applied.length ?? 0;
  return [
    {
      id: 'accepted',
      state: place === null ? 'ahead' : 'done',
      detail: place === null || place.leader === null ? '' : `by ${place.leader}`,
    },
    {
      id: 'appended',
      state: place === null ? 'ahead' : isLost ? 'lost' : 'done',
      detail: place === null ? '' : `${isLost ? 'lost' : 'at index'} ${place.index}`,
    },
    acknowledged(track),
    {
      id: 'committed',
      state: isCommitted ? 'done' : 'ahead',
      detail: isCommitted && place !== null ? `in term ${place.term}` : '',
    },
    {
      id: 'applied',
      state: applied > 0 ? 'done' : 'ahead',
      detail: track === null || applied === 0 ? '' : of(applied, track.nodeCount, 'on '),
    },
  ];
}

/** Done with a quorum of disks, the leader's own among them. */
function acknowledged(track: WriteTrack | null): WriteStep {
  const id = 'acknowledged';
  if (track === null || (track.stored.length === 0 && !track.isCommitted))
    return { id, state: 'ahead', detail: '' };
  const { stored, voterCount, isCommitted } = track;
  const isQuorum = isCommitted || stored.length > voterCount / 2;
  return {
    id,
    state: isQuorum ? 'done' : 'begun',
    detail:
      stored.length === 0
        ? 'by a quorum'
        : `${stored.join(' ')}, ${of(stored.length, voterCount, '')}`,
  };
}

function of(count: number, all: number, before: string): string {
  return `${before}${count}${all === 0 ? '' : ` of ${all}`}`;
}

/** What a write that has no answer yet is waiting for. `hasLeader`: some node leads now. */
export function awaited(track: WriteTrack | null, hasLeader: boolean): string {
  const place = track?.place ?? null;
  if (track === null || place === null) {
    if (!hasLeader) return 'No node leads: it waits for one.';
    return track === null
      ? 'First this page gets a session, so that the write counts once.'
      : 'On its way to the leader.';
  }
  const { isCommitted, overwrittenIn, way, stored } = track;
  if (isCommitted) return `Entry ${place.index} is committed: its answer is asked for.`;
  if (overwrittenIn !== null)
    return `Entry ${place.index} was overwritten in term ${overwrittenIn}: it has to be proposed again.`;
  if (!hasLeader) return `Entry ${place.index} waits for a leader.`;
  const to = way.to.filter((id) => !stored.includes(id));
  const from = way.from.filter((id) => stored.includes(id));
  const parts = [
    to.length === 0 ? [] : [`to ${to.join(' and ')}`],
    from.length === 0 ? [] : [`back from ${from.join(' and ')}`],
  ].flat();
  return parts.length === 0
    ? `Entry ${place.index} is on its way to the disks of a quorum.`
    : `Entry ${place.index}: on the way ${parts.join(', ')}.`;
}
