'use client';

import { Moon, Sun } from 'lucide-react';
import { useLive, useNow } from '../live/live-provider.tsx';

/** Name, how fresh the page is, and the theme. */
export function TopBar() {
  return (
    <header className="flex h-12 items-center gap-3 border-b border-line bg-surface px-4">
      <Logo />
      <h1 className="text-base font-semibold tracking-tight">Chronoraft</h1>
      <p className="hidden text-[13px] text-quiet md:block">
        a real Raft cluster with a store that remembers
      </p>
      <div className="ml-auto flex items-center gap-2">
        <ConnectionPill />
        <ThemeSwitch />
      </div>
    </header>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 24 24" className="size-6" aria-hidden="true">
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

function ConnectionPill() {
  const { conn, tries, lastMessageAtMs, offset, restarted } = useLive((state) => ({
    conn: state.conn,
    tries: state.tries,
    lastMessageAtMs: state.lastMessageAtMs,
    offset: state.serverOffsetMs,
    restarted: state.restarted,
  }));
  const now = useNow();
  const ageS =
    now === null || lastMessageAtMs === null
      ? null
      : Math.max(0, Math.round((now - offset - lastMessageAtMs) / 1000));
  const detail =
    conn === 'reconnecting' && ageS !== null
      ? `last update ${ageS} s ago, reconnecting${tries > 0 ? ` (try ${tries})` : ''}`
      : conn === 'live' && restarted
        ? 'the server was restarted'
        : null;
  return (
    <span
      role="status"
      className="flex items-center gap-2 rounded-full border border-line px-3 py-1 text-[13px]"
    >
      <svg viewBox="0 0 10 10" className="size-2.5" aria-hidden="true">
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
      <span>{CONNECTION_WORDS[conn]}</span>
      {detail !== null && <span className="hidden text-quiet sm:inline">{detail}</span>}
    </span>
  );
}

const THEME_COOKIE_SECONDS = 31_536_000;

function ThemeSwitch() {
  const toggle = (): void => {
    const root = document.documentElement;
    const dark =
      root.dataset['theme'] === undefined
        ? window.matchMedia('(prefers-color-scheme: dark)').matches
        : root.dataset['theme'] === 'dark';
    const next = dark ? 'light' : 'dark';
    root.dataset['theme'] = next;
    document.cookie = `theme=${next};path=/;max-age=${THEME_COOKIE_SECONDS};samesite=lax`;
  };
  return (
    <button
      type="button"
      aria-label="Switch between dark and light"
      title="Switch between dark and light"
      onClick={toggle}
      className="grid size-9 place-content-center rounded-lg border border-line hover:border-line-strong"
    >
      <Sun
        className="hidden size-4 dark:block [[data-theme=dark]_&]:block [[data-theme=light]_&]:hidden"
        aria-hidden="true"
      />
      <Moon
        className="size-4 dark:hidden [[data-theme=dark]_&]:hidden [[data-theme=light]_&]:block"
        aria-hidden="true"
      />
    </button>
  );
}
