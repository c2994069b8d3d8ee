/**
 * Goes through the crash states of a recording: equal files are opened once, and
 * each state is judged by what had been promised at its own moment.
 */
import { createHash } from 'node:crypto';
import { must } from '../../server/base/assert.ts';
import { crashStates, KINDS } from './crash-states.ts';
import type { CrashState, Extent, Kind } from './crash-states.ts';
import type { DiskEvent } from './disk-events.ts';
import { judge } from './judge.ts';
import type { OpenedState, OpenRequest } from './opener.ts';
import { AT_FIRST, progressed } from './progress.ts';
import type { Progress } from './progress.ts';
import type { Workload } from './workload.ts';

export interface Complaint {
  readonly state: number;
  readonly kind: Kind;
  /** The crash, in words. */
  readonly crash: string;
  readonly complaint: string;
}

export interface Exploration {
  readonly states: number;
  /** Of different files. */
  readonly distinct: number;
  /** States by how they were chosen. */
  readonly kinds: Readonly<Record<Kind, number>>;
  /** Of states that may not be found; all are counted, these are the first. */
  readonly complaints: readonly Complaint[];
  readonly bad: number;
}

type Where = Pick<CrashState, 'number' | 'kind' | 'after'>;

interface Explored {
  readonly events: readonly DiskEvent[];
  readonly workload: Workload;
  readonly extent: Extent;
  /** How many states are opened at once. */
  readonly atOnce: number;
  readonly open: (request: OpenRequest) => Promise<OpenedState>;
  /** Ends at the first state that may not be found. */
  readonly stopAtFirst: boolean;
}

const MOST_COMPLAINTS = 20;
/** Of so many different states one is opened a second time. */
const AGAIN_EVERY = 3;

export async function explore(explored: Explored): Promise<Exploration> {
  const { events, workload, atOnce, stopAtFirst } = explored;
  const progress = progressOf(events, workload);
  const kinds = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  const complaints: Complaint[] = [];
  const opened = new Map<string, Promise<OpenedState>>();
  const underWay = new Set<Promise<void>>();
  let states = 0;
  let bad = 0;

  const look = async (state: Where, opening: Promise<OpenedState>): Promise<void> => {
    const { number, kind, after } = state;
    const { found, complaint } = await opening;
    const promised = must(progress[after], 'each moment has its progress');
    const wrong = (found && judge(found, promised, workload)) ?? complaint;
    if (wrong === null) return;
    bad++;
    if (complaints.length < MOST_COMPLAINTS)
      complaints.push({ state: number, kind, crash: crashText(events, after), complaint: wrong });
  };

  const openOnce = ({ files, after }: CrashState): Promise<OpenedState> => {
    const { storeId } = must(progress[after], 'each moment has its progress');
    const key = hashOf(files, storeId);
    let opening = opened.get(key);
    if (opening === undefined) {
      opening = explored.open({ files, storeId, again: opened.size % AGAIN_EVERY === 0 });
      opened.set(key, opening);
    }
    return opening;
  };

  const isOver = (): boolean => stopAtFirst && bad > 0;
  for (const extent of extentsOf(explored)) {
    for (const state of crashStates(events, extent)) {
      if (isOver()) break;
      states++;
      kinds[state.kind]++;
      const { number, kind, after } = state;
      const looking = look({ number, kind, after }, openOnce(state)).finally(() =>
        underWay.delete(looking),
      );
      // What it throws is thrown where it is waited for.
      looking.catch(() => {});
      underWay.add(looking);
      while (underWay.size >= atOnce) await Promise.race(underWay);
    }
    await Promise.all(underWay);
    if (isOver()) break;
  }
  complaints.sort((a, b) => a.state - b.state);
  return { states, distinct: opened.size, kinds, complaints, bad };
}

/** Who only looks for one looks at a few of all moments first. */
function extentsOf({ extent, stopAtFirst }: Explored): readonly Extent[] {
  if (!stopAtFirst) return [extent];
  return [16, 4, 1].map((part) => ({ ...extent, states: Math.ceil(extent.states / part) }));
}

/** For each number of events that happened. */
function progressOf(events: readonly DiskEvent[], { installs }: Workload): readonly Progress[] {
  let now = AT_FIRST;
  return [
    now,
    ...events.map((event) => {
      if (event.type === 'mark') now = progressed(now, event.text, installs);
      return now;
    }),
  ];
}

function crashText(events: readonly DiskEvent[], after: number): string {
  const last = events[after - 1];
  if (last === undefined) return 'at the very start';
  return `after event ${after} of ${events.length}, ${eventText(last)}`;
}

function eventText(event: DiskEvent): string {
  switch (event.type) {
    case 'mark':
      return `"${event.text}"`;
    case 'write':
      return `write of ${event.bytes.length} bytes at ${event.at} of file ${event.file}`;
    case 'resize':
      return `file ${event.file} set to ${event.size} bytes`;
    case 'sync':
      return `sync of file ${event.file}`;
    case 'syncNames':
      return 'sync of the folder';
    case 'rename':
      return `rename of ${event.name} to ${event.to}`;
    case 'create':
    case 'unlink':
      return `${event.type} of ${event.name}`;
  }
}

function hashOf(files: ReadonlyMap<string, Uint8Array>, storeId: string | null): string {
  const hash = createHash('sha1').update(`${storeId}`);
  for (const [name, bytes] of files) hash.update(` ${name} ${bytes.length} `).update(bytes);
  return hash.digest('base64');
}
