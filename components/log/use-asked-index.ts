'use client';

import { useSearchParams } from 'next/navigation';
import { useEffect, useEffectEvent } from 'react';

/** Shows the entry that the address asks for (`?index=128`), and another when it asks anew. */
export function useAskedIndex(show: (index: number) => void): void {
  const asked = useSearchParams().get('index');
  const showAsked = useEffectEvent((index: number) => show(index));
  useEffect(() => {
    const index = Number(asked ?? '');
    if (!Number.isSafeInteger(index) || index < 1) return;
    // After the list has been drawn and has gone to its end.
    const frame = requestAnimationFrame(() => showAsked(index));
    return () => cancelAnimationFrame(frame);
  }, [asked]);
}
