'use client';

import { useEffect, useState } from 'react';
import type { WatchScope } from '../../client/watch.ts';
import { useWatches } from './live-provider.tsx';

interface Heard {
  readonly scope: string | null;
  readonly revision: number;
}

/**
 * Revision of the latest change in a scope that was heard of, or from which on
 * the scope is watched: an answer from before it may be old. 0 until it is
 * watched, and where the scope is null.
 */
export function useHeard(scope: WatchScope | null): number {
  const watches = useWatches();
  const text = scope === null ? null : JSON.stringify(scope);
  const [heard, setHeard] = useState<Heard>({ scope: null, revision: 0 });
  /** Watches of this scope that ended and could not go on: each is followed by one from its own beginning. */
  const [ends, setEnds] = useState(0);
  useEffect(() => {
    if (watches === null || text === null) return;
    let isBegun = false;
    const hear = (revision: number): void => setHeard({ scope: text, revision });
    return watches.watch(JSON.parse(text) as WatchScope, {
      onChanges: (batches) => hear(batches.at(-1)?.revision ?? 0),
      onProgress: (through) => {
        if (!isBegun) hear(through);
        isBegun = true;
      },
      onEnd: () => {
        if (isBegun) setEnds((count) => count + 1);
      },
    });
  }, [watches, text, ends]);
  return heard.scope === text ? heard.revision : 0;
}
