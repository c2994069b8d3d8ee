/**
 * What the time bar draws of a stretch of the recording, noted while it is
 * recorded: who led in which term, what was broken, calls that failed, events,
 * and when it was at work at all.
 * No clock of its own: every fact comes with its time.
 */
import { isFaultless } from '../../contracts/faults.ts';
import type { Patch } from '../../contracts/live.ts';
import type { FaultSpan, Lanes, LeaderSpan } from '../../contracts/recording.ts';
import type { ClusterView, LinkView, NodeView } from '../../contracts/view.ts';
import { isOpenLink } from '../node/control.ts';

/** The parts of a view that the lanes are about. */
export type Scene = Pick<ClusterView, 'nodes' | 'links' | 'voters' | 'votersOutgoing'>;

type Leader = Pick<LeaderSpan, 'node' | 'term'>;
type Fault = Pick<FaultSpan, 'kind' | 'what'>;

/** Work with less than this between is one stretch of it: what is counted by the second leaves no gaps, ms. */
const WORK_GAP_MS = 1000;

export class LaneNotes {
  private readonly done: Lanes = {
    leaders: [],
    faults: [],
    failed: [],
    busy: [],
    events: [],
  };
  private leader: LeaderSpan;
  private readonly open = new Map<string, FaultSpan>();

  /** Begins with what is so at the beginning. */
  constructor(scene: Scene, atMs: number) {
    this.leader = { ...leaderOf(scene), fromMs: atMs, toMs: atMs };
    this.noteFaults(scene, atMs);
  }

  /** What the patch tells, and the scene that it made. */
  note(patch: Pick<Patch, 'entries' | 'events' | 'metrics'>, scene: Scene, atMs: number): void {
    for (const { seq, kind, text } of patch.events ?? [])
      this.done.events.push({ seq, atMs, kind, text });
    for (const point of patch.metrics ?? []) {
      if (point.failedPerSecond > 0)
        this.done.failed.push({ atMs: point.atMs, count: point.failedPerSecond });
      if (point.writesPerSecond + point.readsPerSecond > 0)
        this.noteWork(point.atMs, point.atMs + 1000);
    }
    if (patch.entries !== undefined && patch.entries.length > 0) this.noteWork(atMs, atMs);
    const leader = leaderOf(scene);
    if (leader.node !== this.leader.node || leader.term !== this.leader.term) {
      this.done.leaders.push({ ...this.leader, toMs: atMs });
      this.leader = { ...leader, fromMs: atMs, toMs: atMs };
    }
    this.noteFaults(scene, atMs);
  }

  /** All so far, with what is still so as lasting until `toMs`. */
  lanes(toMs: number): Lanes {
    const lasting = [...this.open.values()].map((span) => ({ ...span, toMs }));
    return {
      leaders: [...this.done.leaders, { ...this.leader, toMs }],
      faults: [...this.done.faults, ...lasting],
      failed: [...this.done.failed],
      busy: [...this.done.busy],
      events: [...this.done.events],
    };
  }

  /** A second is told of after it is over, so that it may begin before what was noted last. */
  private noteWork(fromMs: number, toMs: number): void {
    const last = this.done.busy.at(-1);
    if (last === undefined || fromMs - last.toMs > WORK_GAP_MS)
      this.done.busy.push({ fromMs, toMs });
    else
      this.done.busy[this.done.busy.length - 1] = {
        fromMs: Math.min(last.fromMs, fromMs),
        toMs: Math.max(last.toMs, toMs),
      };
  }

  private noteFaults(scene: Scene, atMs: number): void {
    const now = new Map(faultsOf(scene).map((fault) => [`${fault.kind} ${fault.what}`, fault]));
    for (const [key, span] of this.open) {
      if (now.has(key)) continue;
      this.open.delete(key);
      this.done.faults.push({ ...span, toMs: atMs });
    }
    for (const [key, fault] of now)
      if (!this.open.has(key)) this.open.set(key, { ...fault, fromMs: atMs, toMs: atMs });
  }
}

/** One node's word is not the cluster's: a leader counts when both majorities that run follow it in its term. */
function leaderOf({ nodes, voters, votersOutgoing }: Scene): Leader {
  const up = nodes.filter(({ state }) => state === 'serving');
  const agreed = up
    .filter(({ role }) => role === 'leader')
    .toSorted((a, b) => b.term - a.term)
    .find(({ id, term }) => {
      const behind = (of: readonly string[]): boolean =>
        up.filter((node) => of.includes(node.id) && node.leader === id && node.term === term)
          .length >
        of.length / 2;
      return behind(voters) && (votersOutgoing.length === 0 || behind(votersOutgoing));
    });
  return { node: agreed?.id ?? null, term: agreed?.term ?? null };
}

function faultsOf({ nodes, links }: Scene): Fault[] {
  return [...nodes.flatMap(faultOfNode), ...links.flatMap(faultOfLink)];
}

function faultOfNode({ id, state, faults }: NodeView): Fault[] {
  if (state === 'down' || state === 'failed') return [{ kind: 'node-down', what: id }];
  return isFaultless(faults) ? [] : [{ kind: 'node-changed', what: id }];
}

function faultOfLink(link: LinkView): Fault[] {
  const what = `${link.from}>${link.to}`;
  if (link.cut) return [{ kind: 'link-cut', what }];
  return isOpenLink(link) ? [] : [{ kind: 'link-changed', what }];
}
