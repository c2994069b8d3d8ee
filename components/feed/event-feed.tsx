'use client';

import clsx from 'clsx';
import { useState } from 'react';
import type { EventKind, EventView } from '../../contracts/view.ts';
import { useLive } from '../live/live-provider.tsx';

type Group = 'elections' | 'nodes' | 'links' | 'log';

const GROUP_OF: Record<EventKind, Group> = {
  'server-started': 'nodes',
  'node-starting': 'nodes',
  'node-serving': 'nodes',
  'node-killed': 'nodes',
  'node-failed': 'nodes',
  'election-timeout': 'elections',
  candidate: 'elections',
  'leader-elected': 'elections',
  'stepped-down': 'elections',
  'quorum-lost': 'elections',
  'vote-cast': 'elections',
  'vote-refused': 'elections',
  'log-truncated': 'log',
  'link-cut': 'links',
  'link-healed': 'links',
  'link-changed': 'links',
  'state-diverged': 'log',
};

const GROUPS: readonly Group[] = ['elections', 'nodes', 'links', 'log'];
/** Rows drawn; older events stay in the log of the server. */
const SHOWN = 120;

/** What happened, newest first, in sentences with the term or index that proves them. */
export function EventFeed() {
  const events = useLive((state) => state.view?.events ?? NO_EVENTS);
  const stale = useLive((state) => state.conn === 'reconnecting');
  const [hidden, setHidden] = useState<ReadonlySet<Group>>(new Set());
  const shown = events
    .filter((event) => !hidden.has(GROUP_OF[event.kind]))
    .slice(-SHOWN)
    .reverse();
  const toggle = (group: Group): void => {
    const next = new Set(hidden);
    if (!next.delete(group)) next.add(group);
    setHidden(next);
  };
  return (
    <div className={clsx('absolute inset-0 flex flex-col', stale && 'stale')}>
      <div className="flex flex-wrap gap-1 px-3 pb-1.5" role="group" aria-label="Show events of">
        {GROUPS.map((group) => (
          <button
            key={group}
            type="button"
            aria-pressed={!hidden.has(group)}
            onClick={() => toggle(group)}
            className={clsx(
              'rounded-full border px-2 py-0.5 text-xs',
              hidden.has(group) ? 'border-line text-quiet line-through' : 'border-line-strong',
            )}
          >
            {group}
          </button>
        ))}
      </div>
      <ol
        role="log"
        aria-label="Events"
        data-testid="event-feed"
        tabIndex={0}
        className="min-h-0 flex-1 overflow-auto border-t border-line"
      >
        {shown.length === 0 && <li className="p-3 text-quiet">Quiet. Try killing the leader.</li>}
        {shown.map((event) => (
          <FeedRow key={event.seq} event={event} />
        ))}
      </ol>
    </div>
  );
}

const NO_EVENTS: readonly EventView[] = [];

const STRONG: ReadonlySet<EventKind> = new Set([
  'leader-elected',
  'node-killed',
  'node-failed',
  'state-diverged',
  'quorum-lost',
]);

function FeedRow({ event }: { readonly event: EventView }) {
  return (
    <li
      data-testid={`event-${event.seq}`}
      data-kind={event.kind}
      data-node={event.node ?? ''}
      data-term={event.term ?? ''}
      className="flex gap-3 border-b border-line px-3 py-1 text-[13px] leading-5"
    >
      <time
        className="shrink-0 font-mono text-xs leading-5 text-quiet"
        dateTime={new Date(event.atMs).toISOString()}
      >
        {new Date(event.atMs).toISOString().slice(11, 23)}
      </time>
      <span
        className={clsx(
          'min-w-0 flex-1',
          STRONG.has(event.kind) && 'font-medium',
          event.kind === 'state-diverged' && 'text-danger',
        )}
      >
        {event.text}
      </span>
    </li>
  );
}
