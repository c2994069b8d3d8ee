'use client';

import { useState } from 'react';
import { overwritten } from '../../client/overwritten.ts';
import type { Overwritten } from '../../client/overwritten.ts';
import type { ClusterView } from '../../contracts/view.ts';

interface Seen {
  readonly view: ClusterView | null;
  readonly places: readonly Overwritten[];
}

/** What the page has seen to be overwritten: kept when the view has let go of the entries. */
export function useOverwritten(view: ClusterView | null): readonly Overwritten[] {
  const [seen, setSeen] = useState<Seen>({ view: null, places: [] });
  if (view === null || seen.view === view) return seen.places;
  const isSame = seen.view?.epoch === view.epoch;
  const places = overwritten(view, isSame ? seen.places : []);
  setSeen({ view, places });
  return places;
}
