const COOKIE_SECONDS = 31_536_000;

/** Dark to light and back; remembered for the next page by a cookie, so that the server can draw in it. */
export function toggleTheme(): void {
  const root = document.documentElement;
  const dark =
    root.dataset['theme'] === undefined
      ? window.matchMedia('(prefers-color-scheme: dark)').matches
      : root.dataset['theme'] === 'dark';
  const next = dark ? 'light' : 'dark';
  root.dataset['theme'] = next;
  document.cookie = `theme=${next};path=/;max-age=${COOKIE_SECONDS};samesite=lax`;
}
