'use client';

import { useEffect, useState } from 'react';
import { client } from '../cluster/use-action.ts';

/** Someone types for so long after a letter before the server is asked, ms. */
const SETTLE_MS = 150;
const MOST_KEYS = 6;

export interface KeyMatches {
  readonly keys: readonly string[];
  /** Why they are not known, in words. */
  readonly failure: string | null;
}

/** The first keys of the store that begin with what was typed, as they are now. */
export function useKeyMatches(prefix: string): KeyMatches {
  const [held, setHeld] = useState<KeyMatches & { readonly prefix: string }>({
    prefix: '',
    ...NOTHING,
  });
  useEffect(() => {
    if (prefix === '') return;
    let isOver = false;
    const ask = async (): Promise<void> => {
      const result = await client.keys({ prefix, limit: MOST_KEYS });
      if (isOver) return;
      setHeld(
        result.ok
          ? { prefix, keys: result.value.keys.map(({ key }) => key), failure: null }
          : { prefix, keys: [], failure: result.failure.message },
      );
    };
    const timer = setTimeout(() => void ask(), SETTLE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [prefix]);
  // While the next letter's answer is out, the last one stands as far as it fits.
  if (prefix === '' || !prefix.startsWith(held.prefix)) return NOTHING;
  return { keys: held.keys.filter((key) => key.startsWith(prefix)), failure: held.failure };
}

const NOTHING: KeyMatches = { keys: [], failure: null };
