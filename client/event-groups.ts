/** The feed's kinds of events in the few groups that a person filters by. */
import type { EventKind, EventView } from '../contracts/view.ts';

export const eventGroups = ['elections', 'nodes', 'links', 'log'] as const;
export type EventGroup = (typeof eventGroups)[number];

const GROUP_OF: Record<EventKind, EventGroup> = {
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
  'log-compacted': 'log',
  'members-changed': 'nodes',
  transfer: 'elections',
  'snapshot-sent': 'log',
  'snapshot-installed': 'log',
  'link-cut': 'links',
  'link-healed': 'links',
  'link-changed': 'links',
  'fault-set': 'nodes',
  'fault-ended': 'nodes',
  'pace-changed': 'nodes',
  'packet-dropped': 'links',
  'invariant-broken': 'log',
};

export function groupOf(kind: EventKind): EventGroup {
  return GROUP_OF[kind];
}

export interface FeedPage {
  /** Newest first. */
  readonly shown: readonly EventView[];
  /** Events of the chosen groups that came after `upTo`. */
  readonly held: number;
}

/** The newest `count` events of the groups not hidden, as they were at event `upTo`; null for as they are. */
export function feedPage(
  events: readonly EventView[],
  hidden: ReadonlySet<EventGroup>,
  upTo: number | null,
  count: number,
): FeedPage {
  const chosen = events.filter((event) => !hidden.has(GROUP_OF[event.kind]));
  const reached = upTo === null ? chosen : chosen.filter((event) => event.seq <= upTo);
  return { shown: newestFirst(reached.slice(-count)), held: chosen.length - reached.length };
}

/** What nodes tell of one moment arrives within this time, ms; a greater step back is that of a clock. */
const TOLD_WITHIN_MS = 2000;

/** By the time of each event: a vote is heard of after the leader that it made. */
function newestFirst(events: readonly EventView[]): readonly EventView[] {
  const rows: EventView[] = [];
  for (const event of events) {
    const earlier = rows.findIndex(
      ({ atMs }) => atMs <= event.atMs || atMs - event.atMs > TOLD_WITHIN_MS,
    );
    rows.splice(earlier === -1 ? rows.length : earlier, 0, event);
  }
  return rows;
}

/** What is said aloud of the events after `seq`: the newest that matters, and how many more there are. */
export function announce(events: readonly EventView[], seq: number): string {
  const fresh = events.filter((event) => event.seq > seq);
  const told = fresh.findLast((event) => SAID.has(event.kind)) ?? fresh.at(-1);
  if (told === undefined) return '';
  const others = fresh.length - 1;
  return others === 0
    ? told.text
    : `${told.text}, and ${others} more event${others === 1 ? '' : 's'}`;
}

const SAID: ReadonlySet<EventKind> = new Set([
  'leader-elected',
  'node-killed',
  'node-failed',
  'quorum-lost',
  'invariant-broken',
]);
