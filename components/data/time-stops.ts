/** The instants of a field's history at which its value changes: where the time slider stops. */
import type { HistoryAnswer } from '../../contracts/kv.ts';

export function timeStops(history: HistoryAnswer | null): readonly number[] {
  if (history === null) return [];
  const stops = new Set<number>();
  for (const { timestamp, expiresAt } of history.versions) {
    stops.add(timestamp);
    if (expiresAt !== null && expiresAt <= history.clusterTime) stops.add(expiresAt);
  }
  return [...stops].sort((a, b) => a - b);
}
