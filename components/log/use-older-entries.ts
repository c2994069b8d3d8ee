'use client';

import { useEffect, useRef, useState } from 'react';
import type { ClusterView, EntryView } from '../../contracts/view.ts';
import { standingTerm } from '../../client/log-matrix.ts';
import { client } from '../cluster/use-action.ts';

const PAGE = 200;
/** Fetched entries kept; beyond it all are forgotten and fetched again when looked at. */
const MAX_KEPT = 5000;
/** Scrolling settles before a page is asked for, ms. */
const SETTLE_MS = 120;

const NONE: ReadonlyMap<string, EntryView> = new Map();

/** Entries that the live view no longer carries, fetched by the page as they come into sight. */
export function useOlderEntries(
  view: ClusterView,
  known: ReadonlyMap<string, EntryView>,
  first: number,
  last: number,
): ReadonlyMap<string, EntryView> {
  const [older, setOlder] = useState(NONE);
  const latest = useRef({ view, known, older });
  useEffect(() => {
    latest.current = { view, known, older };
  });
  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(() => {
      const now = latest.current;
      const node = now.view.nodes.find((candidate) => candidate.state === 'serving');
      if (node === undefined || !isMissing(now, first, last)) return;
      const from = Math.max(1, first - PAGE / 2);
      void client.nodeLog(node.id, from, PAGE).then((page) => {
        if (!wanted || !page.ok) return;
        setOlder((before) => {
          const next = before.size > MAX_KEPT ? new Map<string, EntryView>() : new Map(before);
          for (const entry of page.value.entries) next.set(`${entry.index}/${entry.term}`, entry);
          return next;
        });
      });
    }, SETTLE_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [first, last]);
  return older;
}

interface Known {
  readonly view: ClusterView;
  readonly known: ReadonlyMap<string, EntryView>;
  readonly older: ReadonlyMap<string, EntryView>;
}

function isMissing({ view, known, older }: Known, first: number, last: number): boolean {
  for (let index = Math.max(1, first); index <= last; index++) {
    const key = `${index}/${standingTerm(view, index)}`;
    if (!known.has(key) && !older.has(key)) return true;
  }
  return false;
}
