'use client';

import clsx from 'clsx';
import type { ReactNode } from 'react';
import { SearchButton } from '../actions/search-button.tsx';
import { useFreshness } from '../live/freshness.ts';
import { useNow, useStream, useViewingState } from '../live/live-provider.tsx';
import { AccessMenu } from '../access/access-menu.tsx';
import { PageNav } from '../nav/page-nav.tsx';
import type { PageId } from '../nav/pages.ts';
import { Logo } from '../ui/logo.tsx';
import { ThemeMenu } from './theme-menu.tsx';

interface TopBarProps {
  readonly here: PageId;
  /** The button that explains this page and its keys. */
  readonly help: ReactNode;
}

/** Name, the way to the other pages, how fresh the page is, and the theme. */
export function TopBar({ here, help }: TopBarProps) {
  return (
    <header className="flex h-12 items-center gap-2 border-b border-line bg-surface px-2 sm:gap-3 sm:px-4">
      <Logo />
      <h1 className="sr-only text-base font-semibold tracking-tight sm:not-sr-only">Chronoraft</h1>
      <PageNav here={here} />
      <p className="hidden text-sm text-quiet xl:block">
        {/* Where a stranger begins, what to try. */}
        {here === 'live'
          ? 'a real Raft cluster: kill the leader, keep writing, read the past'
          : 'a real Raft cluster with a store that remembers'}
      </p>
      <div className="ml-auto flex min-w-0 items-center gap-1 sm:gap-2">
        <ConnectionPill />
        <SearchButton />
        {help}
        <AccessMenu />
        <ThemeMenu />
      </div>
    </header>
  );
}

const CONNECTION_WORDS = {
  live: 'Live',
  connecting: 'Connecting',
  resyncing: 'Catching up',
  reconnecting: 'Not live',
} as const;

/** With a stream that is alive: what of it is looked at. */
const MODE_WORDS = { live: 'Live', paused: 'Paused view', replay: 'Replay' } as const;

/** How long the page tells that it met a new server, ms. */
const RESTART_NEWS_MS = 10_000;

function ConnectionPill() {
  const mode = useViewingState((state) => state.mode);
  const { conn, restartedAtMs } = useStream((state) => ({
    conn: state.conn,
    restartedAtMs: state.restartedAtMs,
  }));
  const now = useNow();
  const freshness = useFreshness();
  const isNewServer =
    now !== null && restartedAtMs !== null && now - restartedAtMs < RESTART_NEWS_MS;
  return (
    <span className="flex h-8 min-w-0 items-center gap-2 rounded-full border border-line px-3 text-sm">
      <svg viewBox="0 0 10 10" className="size-2.5 shrink-0" aria-hidden="true">
        {conn === 'live' && mode === 'live' ? (
          <circle cx="5" cy="5" r="4.5" fill="var(--text)" />
        ) : (
          <circle
            cx="5"
            cy="5"
            r="4"
            fill="none"
            stroke={conn === 'live' ? 'var(--past)' : 'var(--danger)'}
            strokeWidth="2"
            strokeDasharray="2.5 2"
          />
        )}
      </svg>
      {/* The age ticks; only the state is announced. */}
      <span role="status" className={clsx('shrink-0', conn !== 'live' && 'font-medium')}>
        {isNewServer && conn === 'live'
          ? 'Server restarted'
          : conn === 'live'
            ? MODE_WORDS[mode]
            : CONNECTION_WORDS[conn]}
      </span>
      {freshness !== null && (
        <span className="hidden truncate text-quiet md:inline">{freshness}</span>
      )}
    </span>
  );
}
