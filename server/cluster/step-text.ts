/** What a step did, in words: the cause first, then what follows from it. */
import type { Happening } from '../node/pace-control.ts';

export function describeHappenings(happenings: readonly Happening[]): string[] {
  const arrived: string[] = [];
  const timedOut: string[] = [];
  /** By sender and kind: to whom. */
  const sent = new Map<string, string[]>();
  for (const happening of happenings) {
    switch (happening.type) {
      case 'arrived':
        arrived.push(`${happening.message} from ${happening.from} arrives at ${happening.to}`);
        break;
      case 'lost':
      case 'dropped':
        arrived.push(`${happening.message} from ${happening.from} to ${happening.to} is lost`);
        break;
      case 'electionTimeout':
        timedOut.push(`${happening.node} has heard no leader for its election time-out`);
        break;
      case 'sent': {
        const key = `${happening.from} sends ${happening.message}`;
        sent.set(key, [...(sent.get(key) ?? []), happening.to]);
      }
    }
  }
  return [
    ...arrived,
    ...timedOut,
    ...[...sent].map(([what, to]) => `${what} to ${to.sort().join(' and ')}`),
  ];
}
