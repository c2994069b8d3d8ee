'use client';

import { useEffect, useRef, useState } from 'react';
import { entryBook, findEntry, standingTerm } from '../../client/log-matrix.ts';
import type { EntryBook } from '../../client/log-matrix.ts';
import type { ClusterView } from '../../contracts/view.ts';
import { client } from '../cluster/use-action.ts';

const PAGE = 200;
/** Fetched entries kept; beyond it all are forgotten and fetched again when looked at. */
const MAX_KEPT = 5000;
/** Scrolling settles before a page is asked for, ms. */
const SETTLE_MS = 120;
/** A page that could not be had is asked for again after this long, ms. */
const RETRY_MS = 2000;

const NONE: EntryBook = new Map();

/** Entries that the live view no longer carries, fetched by the page as they come into sight. */
export function useOlderEntries(
  view: ClusterView,
  known: EntryBook,
  first: number,
  last: number,
): EntryBook {
  const [older, setOlder] = useState(NONE);
  const [tries, setTries] = useState(0);
  const latest = useRef({ view, known, older });
  useEffect(() => {
    latest.current = { view, known, older };
  });
  useEffect(() => {
    let wanted = true;
    let timer = setTimeout(() => void fetchPage(), SETTLE_MS);
    const fetchPage = async (): Promise<void> => {
      const now = latest.current;
      if (!isMissing(now, first, last)) return;
      const node = furthest(now.view);
      const from = Math.max(1, first - PAGE / 2);
      const page = node === undefined ? null : await client.nodeLog(node, from, PAGE);
      if (!wanted) return;
      if (page?.ok === true) {
        const { entries } = page.value;
        setOlder((before) => entryBook(entries, before.size > MAX_KEPT ? NONE : before));
      } else {
        timer = setTimeout(() => setTries((count) => count + 1), RETRY_MS);
      }
    };
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [first, last, tries]);
  return older;
}

/** The running node that has committed most: the one whose log is least likely to change. */
function furthest(view: ClusterView): string | undefined {
  const serving = view.nodes.filter((node) => node.state === 'serving');
  return serving.sort((a, b) => b.commitIndex - a.commitIndex)[0]?.id;
}

interface Known {
  readonly view: ClusterView;
  readonly known: EntryBook;
  readonly older: EntryBook;
}

function isMissing({ view, known, older }: Known, first: number, last: number): boolean {
  for (let index = Math.max(1, first); index <= last; index++) {
    const term = standingTerm(view, index);
    if (
      findEntry(known, index, term) === undefined &&
      findEntry(older, index, term) === undefined
    ) {
      return true;
    }
  }
  return false;
}
