'use client';

import { useEffect, useRef, useState } from 'react';

/** A page that is never idle draws nevertheless, after this long, ms. */
const AT_LATEST_MS = 3000;

/**
 * The value, so much later and when the page has time: charts that are drawn one
 * after the other leave it free in between, and on a machine that cannot keep
 * up, values are left out rather than piled up.
 */
export function useStaggered<T>(value: T, delayMs: number): T {
  const [shown, setShown] = useState(value);
  const latest = useRef(value);
  const isWaiting = useRef(false);
  useEffect(() => {
    latest.current = value;
    if (isWaiting.current) return;
    isWaiting.current = true;
    setTimeout(() => {
      whenIdle(() => {
        isWaiting.current = false;
        setShown(latest.current);
      });
    }, delayMs);
  }, [value, delayMs]);
  return shown;
}

/** Not every browser tells when it is idle. */
function whenIdle(run: () => void): void {
  if (typeof requestIdleCallback === 'function')
    requestIdleCallback(run, { timeout: AT_LATEST_MS });
  else setTimeout(run);
}
