'use client';

import { useEffect, useState } from 'react';
import { CAPTION_MS, lastCaption, nextCaption } from '../../client/captions.ts';
import type { EventView } from '../../contracts/view.ts';
import { useLive } from '../live/live-provider.tsx';

const NO_EVENTS: readonly EventView[] = [];

/** Says each event in a sentence, one after the other, each for long enough to be read. */
export function Subtitle() {
  const events = useLive((state) => state.view?.events ?? NO_EVENTS);
  const [shown, setShown] = useState(() => lastCaption(events));
  const [resting, setResting] = useState(false);
  const newest = events.at(-1)?.seq ?? 0;
  // A server that was started anew counts from one again.
  const said = shown === null || shown.seq > newest ? 0 : shown.seq;
  const next = resting ? null : nextCaption(events, said);
  if (next !== null) {
    setShown(next);
    setResting(true);
  }
  const seq = shown?.seq;
  useEffect(() => {
    if (!resting) return;
    const timer = setTimeout(() => setResting(false), CAPTION_MS);
    return () => clearTimeout(timer);
  }, [resting, seq]);
  return (
    <p
      role="status"
      data-testid="subtitle"
      data-seq={seq ?? ''}
      className="flex min-h-14 items-center justify-center border-t-2 border-line bg-surface px-6 py-1.5 text-center text-xl font-medium"
    >
      {shown === null ? 'Quiet. Press L to kill the leader.' : shown.text}
    </p>
  );
}
