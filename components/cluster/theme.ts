'use client';

import { useSyncExternalStore } from 'react';

const COOKIE_SECONDS = 31_536_000;

/** `system`: as the browser's own setting says, and with it when it changes. */
export type ThemeChoice = 'system' | 'light' | 'dark';

/** Remembered for the next page by a cookie, so that the server can draw in it. */
export function setTheme(choice: ThemeChoice): void {
  const root = document.documentElement;
  if (choice === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = choice;
  const [value, seconds] = choice === 'system' ? ['', 0] : [choice, COOKIE_SECONDS];
  document.cookie = `theme=${value};path=/;max-age=${seconds};samesite=lax`;
}

/** Dark to light and back. */
export function toggleTheme(): void {
  const choice = chosenTheme();
  const dark =
    choice === 'system'
      ? window.matchMedia('(prefers-color-scheme: dark)').matches
      : choice === 'dark';
  setTheme(dark ? 'light' : 'dark');
}

/** What is chosen, as the root of the page says it. */
export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(subscribe, chosenTheme, () => 'system');
}

function chosenTheme(): ThemeChoice {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

function subscribe(onChange: () => void): () => void {
  const observer = new MutationObserver(onChange);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => observer.disconnect();
}
