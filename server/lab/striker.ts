/**
 * Does to the living cluster what a schedule says, and undoes it. It undoes only
 * what it did: a node that a person killed stays down, and is left alone.
 */
import { unreachable } from '../base/assert.ts';
import type { ClusterViewFold } from '../cluster/cluster-view.ts';
import type { LeaderTracker } from '../cluster/leader-tracker.ts';
import { NodeGone } from '../cluster/supervisor.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import { LinkFaults } from './link-faults.ts';
import type { Direction } from './link-faults.ts';
import { jumpOf, rateOf, tolerated } from './schedule.ts';
import type { Strike, Victim } from './schedule.ts';
import { WorldFaults } from './world-faults.ts';
import type { WorldPart } from './world-faults.ts';

export interface Battlefield {
  readonly supervisor: Supervisor;
  readonly leaders: LeaderTracker;
  readonly fold: ClusterViewFold;
}

/** What is done, and for how long, ms. */
export type Order = Pick<Strike, 'number' | 'blow' | 'forMs'>;

export type Struck =
  | { readonly ok: true; readonly note: string }
  /** Nothing was done. */
  | { readonly ok: false; readonly note: string };

interface Standing {
  /** Nodes that it keeps from every quorum. */
  readonly disabled: readonly string[];
  readonly undo: () => Promise<void>;
}

export class Striker {
  private readonly cluster: Battlefield;
  private readonly keepQuorum: boolean;
  private readonly links: LinkFaults;
  private readonly worlds: WorldFaults;
  private readonly standing = new Map<number, Standing>();

  constructor(cluster: Battlefield, keepQuorum: boolean) {
    this.cluster = cluster;
    this.keepQuorum = keepQuorum;
    this.links = new LinkFaults(cluster.supervisor);
    this.worlds = new WorldFaults(cluster.supervisor);
  }

  /** Resolves when it is done. */
  async strike(order: Order): Promise<Struck> {
    try {
      return await this.does(order);
    } catch (error) {
      if (error instanceof NodeGone) return skipped(error.message);
      throw error;
    }
  }

  async undo(number: number): Promise<void> {
    const standing = this.standing.get(number);
    this.standing.delete(number);
    try {
      await standing?.undo();
    } catch (error) {
      // Who was removed meanwhile needs no help.
      if (!(error instanceof NodeGone)) throw error;
    }
  }

  async undoAll(): Promise<void> {
    await Promise.all([...this.standing.keys()].map((number) => this.undo(number)));
  }

  private async does({ number, blow, forMs }: Order): Promise<Struck> {
    const { supervisor, leaders } = this.cluster;
    switch (blow.fault) {
      case 'crash': {
        const node = this.named(blow.victim);
        if (node === null) return skipped('nobody led');
        if (!supervisor.has(node) || !supervisor.node(node).isServing)
          return skipped(`${node} was not running`);
        const leads = leaders.leader === node;
        if (this.wouldCostQuorum([node])) return skipped(NO_ROOM);
        this.standing.set(number, {
          disabled: [node],
          undo: async () => {
            if (supervisor.has(node) && supervisor.node(node).state === 'down')
              await supervisor.revive(node);
          },
        });
        if (await supervisor.kill(node))
          return done(`${node}${leads ? ', the leader,' : ''} crashed`);
        this.standing.delete(number);
        return skipped(`${node} was not running`);
      }
      case 'pause': {
        const node = this.named(blow.victim);
        return node === null ? skipped('nobody led') : this.pause(number, node, forMs);
      }
      case 'isolate': {
        const node = this.named(blow.victim);
        if (node === null) return skipped('nobody led');
        const leads = leaders.leader === node;
        return this.changeLinks(
          number,
          this.linksOf(node),
          { cut: true },
          [node],
          `${node}${leads ? ', the leader,' : ''} was cut off from all`,
        );
      }
      case 'split': {
        const [a, b] = blow.parts;
        return this.changeLinks(
          number,
          a.flatMap((x) => b.flatMap((y) => bothWays(x, y))),
          { cut: true },
          a,
          `${a.join(' ')} | ${b.join(' ')} were parted`,
        );
      }
      case 'oneWay':
        return this.changeLinks(
          number,
          [{ from: blow.from, to: blow.to }],
          { cut: true },
          [blow.from],
          `nothing passed from ${blow.from} to ${blow.to}`,
        );
      case 'slow': {
        const node = this.named(blow.victim);
        if (node === null) return skipped('nobody led');
        const { delayMs, jitterMs } = blow;
        const note = `${node} was heard ${delayMs} to ${delayMs + jitterMs} ms late`;
        return this.changeLinks(number, this.linksOf(node), { delayMs, jitterMs }, [], note);
      }
      case 'loss':
        return this.changeLinks(
          number,
          this.allLinks(),
          { loss: blow.share },
          [],
          `${Math.round(blow.share * 100)} % of messages were lost`,
        );
      case 'duplicate':
        return this.changeLinks(
          number,
          this.allLinks(),
          { duplicate: blow.share },
          [],
          `${Math.round(blow.share * 100)} % of messages came twice`,
        );
      case 'reorder':
        return this.changeLinks(
          number,
          this.allLinks(),
          { reorder: blow.share },
          [],
          `${Math.round(blow.share * 100)} % of messages were overtaken`,
        );
      case 'slowDisk': {
        const node = this.named(blow.victim);
        if (node === null) return skipped('nobody led');
        const note = `${node} took ${blow.delayMs} ms longer for each durable write`;
        return this.changeWorld(number, node, 'diskDelayMs', blow.delayMs, note);
      }
      case 'clock': {
        const node = this.named(blow.victim);
        if (node === null) return skipped('nobody led');
        const { part, by } = blow.error;
        const what = part === 'clockOffsetMs' ? `jumped ${jumpOf(by)}` : `counted ${rateOf(by)}`;
        return this.changeWorld(number, node, part, by, `${node}’s clock ${what}`);
      }
      case 'transfer': {
        const { leader } = leaders;
        if (leader === null || !supervisor.has(leader)) return skipped('nobody led');
        if (leader === blow.to) return skipped(`${leader} led already`);
        supervisor.node(leader).transferLeadership(blow.to);
        return done(`${leader} was asked to hand over to ${blow.to}`);
      }
      case 'compact': {
        const node = this.named(blow.victim);
        if (node === null || !supervisor.has(node) || !supervisor.node(node).isServing)
          return skipped('it was not running');
        supervisor.node(node).compact();
        return done(`${node} shortened its log`);
      }
      default:
        return unreachable(blow);
    }
  }

  private pause(number: number, node: string, forMs: number): Struck {
    const { supervisor, leaders } = this.cluster;
    if (!supervisor.has(node) || !supervisor.node(node).isServing)
      return skipped(`${node} was not running`);
    if (supervisor.isPaused(node)) return skipped(`${node} stood still already`);
    if (this.wouldCostQuorum([node])) return skipped(NO_ROOM);
    const leads = leaders.leader === node;
    supervisor.pause(node, forMs);
    const { pausedUntilMs } = supervisor.faults(node);
    this.standing.set(number, {
      disabled: [node],
      undo: () => {
        // It ends by itself, and with its thread; a later one is somebody else's.
        if (supervisor.has(node) && supervisor.faults(node).pausedUntilMs === pausedUntilMs)
          supervisor.resume(node);
        return Promise.resolve();
      },
    });
    return done(`${node}${leads ? ', the leader,' : ''} stood still`);
  }

  private changeWorld(
    number: number,
    node: string,
    part: WorldPart,
    by: number,
    note: string,
  ): Struck {
    if (!this.cluster.supervisor.has(node)) return skipped(`${node} was not there`);
    this.worlds.begin(number, { node, part, by });
    this.standing.set(number, {
      disabled: [],
      undo: () => Promise.resolve(this.worlds.end(number)),
    });
    return done(note);
  }

  private changeLinks(
    number: number,
    directions: readonly Direction[],
    change: Parameters<LinkFaults['begin']>[2],
    disabled: readonly string[],
    note: string,
  ): Struck {
    const there = directions.filter(
      ({ from, to }) => this.cluster.supervisor.has(from) && this.cluster.supervisor.has(to),
    );
    if (there.length === 0) return skipped('there was no such link');
    if (disabled.length > 0 && this.wouldCostQuorum(disabled)) return skipped(NO_ROOM);
    this.links.begin(number, there, change);
    this.standing.set(number, {
      disabled,
      undo: () => Promise.resolve(this.links.end(number)),
    });
    return done(note);
  }

  private wouldCostQuorum(more: readonly string[]): boolean {
    if (!this.keepQuorum) return false;
    const { supervisor, fold } = this.cluster;
    const { voters } = fold.members();
    const disabled = new Set([
      ...more,
      ...[...this.standing.values()].flatMap((standing) => standing.disabled),
      ...voters.filter(
        (id) => !supervisor.has(id) || !supervisor.node(id).isServing || supervisor.isPaused(id),
      ),
    ]);
    return voters.filter((id) => disabled.has(id)).length > tolerated(voters.length);
  }

  private named(victim: Victim): string | null {
    return victim === 'leader' ? this.cluster.leaders.leader : victim.node;
  }

  private linksOf(node: string): readonly Direction[] {
    return this.cluster.supervisor.nodes
      .filter((other) => other !== node)
      .flatMap((other) => bothWays(node, other));
  }

  private allLinks(): readonly Direction[] {
    const { nodes } = this.cluster.supervisor;
    return nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to })));
  }
}

const NO_ROOM = 'it would have cost the quorum';

function bothWays(a: string, b: string): readonly Direction[] {
  return [
    { from: a, to: b },
    { from: b, to: a },
  ];
}

function done(note: string): Struck {
  return { ok: true, note };
}

function skipped(note: string): Struck {
  return { ok: false, note };
}
