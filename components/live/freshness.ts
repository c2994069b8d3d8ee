'use client';

import { useServerNow, useStream } from './live-provider.tsx';

/** How old the picture is and what is being done about it, in words; null while it is live. */
export function useFreshness(): string | null {
  const { conn, tries, lastMessageAtMs, offset } = useStream((state) => ({
    conn: state.conn,
    tries: state.tries,
    lastMessageAtMs: state.lastMessageAtMs,
    offset: state.serverOffsetMs,
  }));
  const now = useServerNow();
  if (conn !== 'reconnecting') return null;
  const attempt = tries > 0 ? ` (try ${tries})` : '';
  if (now === null || lastMessageAtMs === null) return `Reconnecting${attempt}`;
  const ageS = Math.max(0, Math.round((now - offset - lastMessageAtMs) / 1000));
  return `Last update ${ageS} s ago, reconnecting${attempt}`;
}
