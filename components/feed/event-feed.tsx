'use client';

import clsx from 'clsx';
import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { announce, eventGroups, feedPage } from '../../client/event-groups.ts';
import type { EventGroup } from '../../client/event-groups.ts';
import { formatClock } from '../../client/time-input.ts';
import type { EventKind, EventView } from '../../contracts/view.ts';
import { useLive, useViewing, useViewingState } from '../live/live-provider.tsx';

/** Rows drawn; older events stay in the log of the server. */
const SHOWN = 120;
/** Scrolled less than this far from the newest, px, the feed goes on with the events. */
const FOLLOW_PX = 8;

/** What happened, newest first, in sentences with the term or index that proves them. */
export function EventFeed() {
  const events = useLive((state) => state.view?.events ?? NO_EVENTS);
  const stale = useLive((state) => state.conn === 'reconnecting');
  const [hidden, setHidden] = useState<ReadonlySet<EventGroup>>(new Set());
  /** The newest event when the reader scrolled away from it; null while the feed follows. */
  const [upTo, setUpTo] = useState<number | null>(null);
  const list = useRef<HTMLOListElement>(null);
  const viewing = useViewing();
  const isLookingBack = useViewingState(({ mode }) => mode !== 'live');
  const goTo = isLookingBack ? (event: EventView) => void viewing.seekEvent(event) : null;
  const { shown, held } = useMemo(
    () => feedPage(events, hidden, upTo, SHOWN),
    [events, hidden, upTo],
  );
  const toggle = (group: EventGroup): void => {
    const next = new Set(hidden);
    if (!next.delete(group)) next.add(group);
    setHidden(next);
  };
  const follow = (): void => {
    setUpTo(null);
    list.current?.scrollTo({ top: 0 });
  };
  return (
    <div className={clsx('absolute inset-0 flex flex-col', stale && 'stale')}>
      <div className="flex items-center gap-2 px-3 py-1.5">
        <h2 className="text-sm font-medium text-quiet">Events</h2>
        <div className="flex flex-wrap gap-1" role="group" aria-label="Show events of">
          {eventGroups.map((group) => (
            <button
              key={group}
              type="button"
              aria-pressed={!hidden.has(group)}
              onClick={() => toggle(group)}
              className={clsx(
                'min-h-6 rounded-full border px-2 text-xs',
                hidden.has(group) ? 'border-line text-quiet line-through' : 'border-line-strong',
              )}
            >
              {group}
            </button>
          ))}
        </div>
        <span className="ml-auto text-[11px] text-quiet">UTC</span>
      </div>
      <ol
        ref={list}
        aria-label="Events, newest first"
        data-testid="event-feed"
        tabIndex={0}
        onScroll={(event) => {
          const away = event.currentTarget.scrollTop > FOLLOW_PX;
          if (away && upTo === null) setUpTo(events.at(-1)?.seq ?? 0);
          if (!away && upTo !== null) setUpTo(null);
        }}
        className="min-h-0 flex-1 overflow-auto border-t border-line -outline-offset-2"
      >
        {shown.length === 0 && (
          <li className="p-3 text-quiet">
            {hidden.size === 0
              ? 'Quiet. Kill the leader, and watch what the others do.'
              : 'Nothing of these kinds.'}
          </li>
        )}
        {shown.map((event) => (
          <FeedRow key={event.seq} event={event} goTo={goTo} />
        ))}
      </ol>
      {held > 0 && (
        <button
          type="button"
          onClick={follow}
          className="absolute top-10 left-1/2 -translate-x-1/2 rounded-full border border-line-strong bg-raised px-3 py-1 text-[13px]"
        >
          {held} new
        </button>
      )}
      <Announcer events={events} />
    </div>
  );
}

const NO_EVENTS: readonly EventView[] = [];

/** Events are said at most once in this time, ms. */
const ANNOUNCE_MS = 1000;

/** The list itself is silent: a burst of events is one announcement. Says what is new to those who hear the page: one sentence a second at most. */
function Announcer({ events }: { readonly events: readonly EventView[] }) {
  const newest = events.at(-1)?.seq ?? 0;
  const [said, setSaid] = useState({ seq: newest, text: '' });
  const say = useEffectEvent(() => {
    setSaid({ seq: newest, text: announce(events, said.seq) });
  });
  // A server that was started anew counts from one again.
  const isLive = useViewingState(({ mode }) => mode === 'live');
  const waiting = isLive && newest !== said.seq;
  useEffect(() => {
    if (!waiting) return;
    const timer = setTimeout(() => say(), ANNOUNCE_MS);
    return () => clearTimeout(timer);
  }, [waiting]);
  return (
    <p role="status" className="sr-only">
      {said.text}
    </p>
  );
}

const STRONG: ReadonlySet<EventKind> = new Set([
  'leader-elected',
  'node-killed',
  'node-failed',
  'invariant-broken',
  'quorum-lost',
]);

interface FeedRowProps {
  readonly event: EventView;
  /** Leads to its moment; null while the view is live. */
  readonly goTo: ((event: EventView) => void) | null;
}

function FeedRow({ event, goTo }: FeedRowProps) {
  const { seq, atMs, kind, node, term, index, text } = event;
  const time = <time dateTime={new Date(atMs).toISOString()}>{formatClock(atMs)}</time>;
  return (
    <li
      data-testid={`event-${seq}`}
      data-kind={kind}
      data-node={node ?? ''}
      data-term={term ?? ''}
      data-index={index ?? ''}
      className={clsx(
        'relative flex gap-3 border-b border-line px-3 py-0.5 text-[13px] leading-5',
        goTo !== null && 'hover:bg-line',
      )}
    >
      <span className="shrink-0 font-mono text-xs leading-5 text-quiet">
        {goTo === null ? (
          time
        ) : (
          // All of the row is its target.
          <button
            type="button"
            aria-label={`Go to ${formatClock(atMs)}: ${text}`}
            title="Shows the cluster at this moment"
            onClick={() => goTo(event)}
            className="-my-0.5 h-6 underline decoration-dotted underline-offset-2 after:absolute after:inset-0"
          >
            {time}
          </button>
        )}
      </span>
      <span
        className={clsx(
          'min-w-0 flex-1 break-words',
          STRONG.has(kind) && 'font-medium',
          kind === 'invariant-broken' && 'text-danger',
        )}
      >
        {text}
      </span>
      <span className="shrink-0 font-mono text-xs leading-5 text-quiet">
        {term !== null ? `t${term}` : index !== null ? `#${index}` : ''}
      </span>
    </li>
  );
}
