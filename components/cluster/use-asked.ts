'use client';

import { useEffect, useState } from 'react';

/** By then the stream has told of what was asked for, or it was refused or set anew elsewhere, ms. */
const TOLD_WITHIN_MS = 5000;

/**
 * What to change next: as it is shown, but for what was asked for and has not
 * been told yet. Answers overtake the stream: made of what is shown alone, the
 * second of two quick changes would take back the first.
 */
export function useAsked<T extends object>(shown: T): readonly [T, (next: T) => void] {
  const [asked, setAsked] = useState<T | null>(null);
  const told = JSON.stringify(shown);
  useEffect(() => {
    if (asked === null) return;
    const forget = (): void => setAsked(null);
    if (JSON.stringify(asked) === told) {
      forget();
      return;
    }
    const timer = setTimeout(forget, TOLD_WITHIN_MS);
    return () => clearTimeout(timer);
  }, [asked, told]);
  return [asked ?? shown, setAsked];
}
