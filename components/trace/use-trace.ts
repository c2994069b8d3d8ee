'use client';

import { useEffect, useState } from 'react';
import { askTrace } from '../../client/trace-source.ts';
import type { TraceAnswer } from '../../contracts/trace.ts';

/** What is new is asked for so often while it is looked at, ms. */
const EVERY_MS = 700;

export interface LookedTrace {
  readonly answer: TraceAnswer | null;
  readonly isSilent: boolean;
}

/** The trace as it grows. A server that was started anew knows nothing of the stretch before: that is asked for from its beginning. */
export function useTrace(isHeld: boolean): LookedTrace {
  const [looked, setLooked] = useState<LookedTrace>({ answer: null, isSilent: false });
  useEffect(() => {
    if (isHeld) return;
    let isShown = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let known: TraceAnswer | null = null;
    const look = async (): Promise<void> => {
      const answer = await askTrace(known);
      if (!isShown) return;
      const isOther = answer !== null && known !== null && answer.epoch !== known.epoch;
      known = isOther ? null : (answer ?? known);
      setLooked({ answer: known, isSilent: answer === null });
      timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      isShown = false;
      clearTimeout(timer);
    };
  }, [isHeld]);
  return looked;
}
