'use client';

import { useEffect, useRef, useState } from 'react';
import { entryBook, findEntry, isForgotten, standingTerm } from '../../client/log-matrix.ts';
import type { EntryBook } from '../../client/log-matrix.ts';
import type { ClusterView } from '../../contracts/view.ts';
import { client } from '../cluster/use-action.ts';
import { useViewingState } from '../live/live-provider.tsx';

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
  /** A file's entries are not this server's, even where index and term are equal. */
  const isFile = useViewingState(({ source }) => source.fileName !== null);
  const [older, setOlder] = useState(NONE);
  const [tries, setTries] = useState(0);
  const latest = useRef({ view, known, older });
  useEffect(() => {
    latest.current = { view, known, older };
  });
  useEffect(() => {
    if (isFile) return;
    let wanted = true;
    let timer = setTimeout(() => void fetchPage(), SETTLE_MS);
    const fetchPage = async (): Promise<void> => {
      const now = latest.current;
      if (!isMissing(now, first, last)) return;
      const node = sourceOf(now.view, first);
      const from = Math.max(1, first - PAGE / 4);
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
  }, [first, last, tries, isFile]);
  return isFile ? NONE : older;
}

/** Of the running nodes whose log reaches back so far, the one that has committed most: what it has is least likely to change. */
function sourceOf({ nodes }: ClusterView, first: number): string | undefined {
  const serving = nodes.filter((node) => node.state === 'serving');
  const reaching = serving.filter((node) => node.firstIndex <= first);
  return (reaching.length > 0 ? reaching : serving).sort((a, b) => b.commitIndex - a.commitIndex)[0]
    ?.id;
}

interface Known {
  readonly view: ClusterView;
  readonly known: EntryBook;
  readonly older: EntryBook;
}

function isMissing({ view, known, older }: Known, first: number, last: number): boolean {
  for (let index = Math.max(1, first); index <= last; index++) {
    if (isForgotten(view, index)) continue;
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
