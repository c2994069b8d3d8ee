'use client';

import clsx from 'clsx';
import { Contrast } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useFreshness } from '../live/freshness.ts';
import { useLive, useNow } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { toggleTheme } from './theme.ts';

const PAGES = [
  { id: 'cluster', href: '/', name: 'Cluster' },
  { id: 'keys', href: '/keys', name: 'Keys' },
] as const;

interface TopBarProps {
  readonly here: (typeof PAGES)[number]['id'];
  /** The button that explains this page and its keys. */
  readonly help: ReactNode;
}

/** Name, the way to the other pages, how fresh the page is, and the theme. */
export function TopBar({ here, help }: TopBarProps) {
  return (
    <header className="flex h-12 items-center gap-2 border-b border-line bg-surface px-2 sm:gap-3 sm:px-4">
      <Logo />
      <h1 className="sr-only text-base font-semibold tracking-tight sm:not-sr-only">Chronoraft</h1>
      <nav aria-label="Pages" className="flex h-full">
        {PAGES.map(({ id, href, name }) => (
          <Link
            key={id}
            href={href}
            aria-current={id === here ? 'page' : undefined}
            className={clsx(
              'flex items-center border-b-2 px-2 text-sm -outline-offset-2 sm:px-3',
              id === here
                ? 'border-text font-medium'
                : 'border-transparent text-quiet hover:text-text',
            )}
          >
            {name}
          </Link>
        ))}
      </nav>
      <p className="hidden text-sm text-quiet lg:block">
        a real Raft cluster with a store that remembers
      </p>
      <div className="ml-auto flex min-w-0 items-center gap-2">
        <ConnectionPill />
        {help}
        <Button
          className="w-8 px-0"
          aria-label="Switch between dark and light"
          title="Switch between dark and light (D)"
          onClick={toggleTheme}
        >
          <Contrast className="size-4" aria-hidden="true" />
        </Button>
      </div>
    </header>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 24 24" className="size-6 shrink-0" aria-hidden="true">
      <path d="M12 5 20 19H4Z" fill="none" stroke="var(--line-strong)" strokeWidth="1.5" />
      <circle cx="12" cy="5" r="3.6" fill="var(--role-leader)" />
      <circle cx="20" cy="19" r="2.8" fill="var(--role-follower)" />
      <circle cx="4" cy="19" r="2.8" fill="var(--role-follower)" />
    </svg>
  );
}

const CONNECTION_WORDS = {
  live: 'Live',
  connecting: 'Connecting',
  resyncing: 'Catching up',
  reconnecting: 'Not live',
} as const;

/** How long the page tells that it met a new server, ms. */
const RESTART_NEWS_MS = 10_000;

function ConnectionPill() {
  const { conn, restartedAtMs } = useLive((state) => ({
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
        {conn === 'live' ? (
          <circle cx="5" cy="5" r="4.5" fill="var(--text)" />
        ) : (
          <circle
            cx="5"
            cy="5"
            r="4"
            fill="none"
            stroke="var(--danger)"
            strokeWidth="2"
            strokeDasharray="2.5 2"
          />
        )}
      </svg>
      {/* The age ticks; only the state is announced. */}
      <span role="status" className={clsx('shrink-0', conn !== 'live' && 'font-medium')}>
        {isNewServer && conn === 'live' ? 'Server restarted' : CONNECTION_WORDS[conn]}
      </span>
      {freshness !== null && (
        <span className="hidden truncate text-quiet md:inline">{freshness}</span>
      )}
    </span>
  );
}
