'use client';

import { useEffect, useRef, useState } from 'react';
import { readMoment, writeMoment } from '../../client/keys-moment.ts';
import type { Moment } from '../../client/keys-moment.ts';

/** Browsers refuse an address that changes too often: a slider's steps are written once it rests so long, ms. */
const SETTLE_MS = 250;

export interface MomentState {
  readonly moment: Moment;
  /** Changes what is shown; `step` adds a step to the browser's history, to be gone back to. */
  go(part: Partial<Moment>, step?: 'step'): void;
}

/** What the page shows, kept in step with its address. */
export function useMoment(initial: Moment): MomentState {
  const [moment, setMoment] = useState(initial);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    const onPopState = (): void => {
      clearTimeout(timer.current);
      setMoment(readMoment(window.location.search, Date.now()));
    };
    window.addEventListener('popstate', onPopState);
    return () => {
      clearTimeout(timer.current);
      window.removeEventListener('popstate', onPopState);
    };
  }, []);
  const go = (part: Partial<Moment>, step?: 'step'): void => {
    const next = { ...moment, ...part };
    setMoment(next);
    clearTimeout(timer.current);
    if (step === undefined) {
      timer.current = setTimeout(
        () => window.history.replaceState(null, '', addressOf(next)),
        SETTLE_MS,
      );
      return;
    }
    // What was still settling belongs to the step before.
    window.history.replaceState(null, '', addressOf(moment));
    window.history.pushState(null, '', addressOf(next));
  };
  return { moment, go };
}

/** The address of a moment, with the page's other parameters. */
function addressOf(moment: Moment): string {
  const query = writeMoment(moment, window.location.search);
  return query === '' ? window.location.pathname : `${window.location.pathname}?${query}`;
}
