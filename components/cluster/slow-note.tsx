'use client';

import { paceLabel } from '../../client/pace-state.ts';
import { useLive } from '../live/live-provider.tsx';

/** Why an answer takes its time, when the cluster's speed is the reason. */
export function SlowNote() {
  const pace = useLive(({ view }) => view?.pace.pace ?? 1);
  if (pace === 1) return null;
  return pace === 0
    ? 'It waits: the cluster is paused. Step, or go on.'
    : `The cluster runs at ${paceLabel(pace)} speed.`;
}
