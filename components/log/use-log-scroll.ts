'use client';

import { useEffectEvent, useLayoutEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { lastRow, slide, tailRow, windowWith } from '../../client/log-window.ts';

export const ROW_PX = 27;
/** Height of the head that stays in sight over the rows. */
const HEAD_PX = 25;
/** As many whole rows as there is room for, so that at the end none is cut; all the room where `round` is not known. */
export const WHOLE_ROWS = `calc(${HEAD_PX}px + round(down, 100% - ${HEAD_PX}px, ${ROW_PX}px))`;
/** Within this many rows of the end the list follows new entries. */
const FOLLOW_ROWS = 2;

export type Align = 'center' | 'nearest' | 'start';

/** Where a list that does not follow stands. */
interface Place {
  /** First index of its window. */
  readonly first: number;
  /** Last index of the log when one left the end. */
  readonly seenLast: number;
}

interface Target {
  readonly index: number;
  readonly align: Align;
}

export interface LogScroll {
  readonly following: boolean;
  /** Indexes of the first and the last row of the list. */
  readonly first: number;
  readonly end: number;
  /** Entries that came since one left the end. */
  readonly newCount: number;
  onScroll(): void;
  /** Brings a row into sight, and stays there. */
  show(index: number, align: Align): void;
  /** Stays where it is, whatever comes. */
  hold(): void;
  follow(): void;
}

/** A list of all entries up to `last` that follows the end until one scrolls away from it, and then holds still. */
export function useLogScroll(scroller: RefObject<HTMLDivElement | null>, last: number): LogScroll {
  const [place, setPlace] = useState<Place | null>(null);
  const [target, setTarget] = useState<Target | null>(null);
  const first = place?.first ?? tailRow(last);
  const end = lastRow(first, last);
  const following = place === null;

  const drawn = useRef(first);
  const bring = useEffectEvent(({ index, align }: Target): void => {
    const box = scroller.current;
    box?.scrollTo({ top: topFor(box, (index - first) * ROW_PX, align) });
  });
  useLayoutEffect(() => {
    // The window slid: what is in sight stays there. At the end, what is in sight moves on.
    if (!following) scroller.current?.scrollBy({ top: (drawn.current - first) * ROW_PX });
    drawn.current = first;
  }, [scroller, following, first]);
  useLayoutEffect(() => {
    if (target !== null) bring(target);
  }, [target]);
  const hold = (): void => setPlace((before) => before ?? { first, seenLast: last });
  return {
    following,
    first,
    end,
    newCount: place === null ? 0 : Math.max(0, last - place.seenLast),
    onScroll: () => {
      const box = scroller.current;
      if (box === null) return;
      const below = box.scrollHeight - box.scrollTop - box.clientHeight;
      if (end === last && below < FOLLOW_ROWS * ROW_PX) return setPlace(null);
      const top = first + Math.floor(box.scrollTop / ROW_PX);
      const next = slide(first, top, top + Math.ceil(box.clientHeight / ROW_PX), last);
      if (place?.first !== next) setPlace({ first: next, seenLast: place?.seenLast ?? last });
    },
    show: (index, align) => {
      setPlace({ first: windowWith(index, first, last), seenLast: place?.seenLast ?? last });
      setTarget({ index, align });
    },
    hold,
    follow: () => {
      setPlace(null);
      setTarget(null);
    },
  };
}

/** Scroll position that shows the row at `rowPx`, px below the first row; the head of the table covers a row's height. */
function topFor(box: HTMLDivElement, rowPx: number, align: Align): number {
  const room = box.clientHeight - HEAD_PX - ROW_PX;
  if (align === 'start') return rowPx;
  if (align === 'center') return rowPx - room / 2;
  return Math.min(Math.max(box.scrollTop, rowPx - room), rowPx);
}
