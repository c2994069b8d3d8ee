/**
 * What each fault does to the world: to the network, to disks, clocks and
 * machines, and to who belongs to the cluster. When they happen is drawn before
 * the run (`nemesis.ts`); the last one, which leaves one node broken, comes when
 * all else is healed.
 */
import { must } from '../server/base/assert.ts';
import type { Random } from '../server/base/random.ts';
import type { NodeHost } from '../server/node/node-host.ts';
import { isJoint } from '../server/raft/conf-state.ts';
import type { NodeId } from '../server/raft/types.ts';
import { echoGarbage } from './garbage.ts';
import { TICK } from './machine.ts';
import type { Machine } from './machine.ts';
import type { Fault, FaultKind } from './nemesis.ts';
import type { Operator } from './operator.ts';
import type { Machines } from './reach.ts';
import type { Settings } from './settings.ts';
import type { SimClient } from './sim-client.ts';
import { CALM_DISK } from './sim-disk.ts';
import { CALM } from './sim-network.ts';
import type { SimNetwork } from './sim-network.ts';
import type { TraceHash } from './trace-hash.ts';

/** Faults that take nodes down later than they begin have done so by then: a healed run waits for no longer. */
const MAX_STORM_MS = 1000;
const MAX_UNSYNCED_MS = 400;
const MAX_UNSEEN_MS = 200;
/** Some heartbeats long. */
const HEARD_IN_SLEEP_MS = 25;

/** The world as faults meet it. */
export interface Victims extends Machines {
  readonly random: Random;
  readonly network: SimNetwork;
  readonly operator: Operator;
  readonly settings: Settings;
  readonly trace: TraceHash;
  readonly clients: readonly SimClient[];
  leader(): NodeHost | null;
  /** False if the node was down before. */
  crash(id: NodeId): boolean;
  boot(id: NodeId): void;
}

export class Faults {
  /** How many faults of each kind did anything. */
  readonly fired = new Map<FaultKind, number>();
  private readonly world: Victims;
  /** Called when a node has voted for another. */
  private onVote: (candidate: NodeId) => void = () => {};

  constructor(world: Victims) {
    this.world = world;
  }

  /** Some node's vote for `candidate` is cast. */
  voted(candidate: NodeId): void {
    this.onVote(candidate);
  }

  /** Nothing waits for a vote any more. */
  heal(): void {
    this.onVote = () => {};
  }

  /** Lets a fault happen now. It counts as fired when it first does something. */
  inflict(fault: Fault): void {
    const { world } = this;
    const { scheduler, network, ids } = world;
    const victim = world.machine(must(ids[fault.node], 'a node of the cluster'));
    const leader = world.leader()?.raft.id ?? victim.id;
    const fired = this.firstTime(fault.kind);
    const end = (run: () => void): void => void scheduler.after(fault.forMs, run);
    const heal = (): void => network.heal();
    switch (fault.kind) {
      case 'crash':
        if (world.crash(victim.id)) fired();
        end(() => world.boot(victim.id));
        break;
      case 'crash-leader':
        if (world.crash(leader)) fired();
        end(() => world.boot(leader));
        break;
      case 'crash-all':
        for (const id of ids) if (world.crash(id)) fired();
        end(() => {
          for (const id of ids) world.boot(id);
        });
        break;
      case 'restart-storm':
        this.restartStorm(scheduler.nowMs + Math.min(fault.forMs, MAX_STORM_MS), fault, fired);
        break;
      case 'isolate-leader':
        this.isolate([leader], fired);
        // What it takes in now makes its log longer than that of those who go on without it.
        this.fill(leader, Math.floor(fault.force * 20));
        end(heal);
        break;
      case 'split':
        this.isolate(ids.slice(0, 1 + Math.floor(fault.force * (ids.length - 1))), fired);
        end(heal);
        break;
      case 'one-way':
        for (const id of ids) {
          if (id === victim.id) continue;
          if (fault.force < 0.5) network.cut(victim.id, id, fired);
          else network.cut(id, victim.id, fired);
        }
        end(heal);
        break;
      case 'bridge': {
        // Two cannot talk to each other, and both can to everyone else.
        const other = this.anotherThan(leader, fault);
        network.cut(leader, other, fired);
        network.cut(other, leader, fired);
        end(heal);
        break;
      }
      case 'hold':
        network.hold(victim.id, scheduler.nowMs + fault.forMs, 0.5, fired);
        break;
      case 'storm':
        network.weather = {
          minDelayMs: 0.1,
          maxDelayMs: 2 + fault.force * 120,
          loss: fault.force * 0.4,
          duplicate: (1 - fault.force) * 0.4,
        };
        fired();
        end(() => {
          network.weather = { ...CALM };
        });
        break;
      case 'disk-slow':
        victim.disk.weather.maxWriteMs = 2 + fault.force * 80;
        fired();
        end(() => {
          victim.disk.weather.maxWriteMs = CALM_DISK.maxWriteMs;
        });
        break;
      case 'disk-stall':
        victim.disk.onStruck.set(fault.kind, fired);
        victim.disk.weather.stalledUntilMs = scheduler.nowMs + fault.forMs;
        break;
      case 'disk-failure':
        victim.disk.onStruck.set(fault.kind, fired);
        victim.disk.weather.failNext = true;
        end(() => world.boot(victim.id));
        break;
      case 'disk-full':
        victim.disk.onStruck.set(fault.kind, fired);
        victim.disk.weather.fullUntilMs = scheduler.nowMs + fault.forMs;
        end(() => world.boot(victim.id));
        break;
      case 'disk-unsynced':
        this.loseUnsynced(victim, fault, fired);
        break;
      case 'torn-tail':
        victim.disk.onStruck.set(fault.kind, fired);
        victim.disk.weather.tearNext = true;
        this.loseUnsynced(victim, fault, () => {});
        break;
      case 'disk-damage':
        if (!world.operator.maySpare(victim) || !victim.disk.damage()) break;
        Object.assign(victim, { fate: 'damaged', onRefused: fired });
        // Until then it may be read for a snapshot, which stops the node too.
        scheduler.after(fault.force * MAX_UNSEEN_MS, () => void world.crash(victim.id));
        scheduler.after(MAX_UNSEEN_MS + 20, () => world.boot(victim.id));
        break;
      case 'disk-unreadable':
        victim.disk.onStruck.set(fault.kind, fired);
        victim.disk.weather.unreadableUntilMs = scheduler.nowMs + fault.forMs;
        // It is tried in vain, and again by an operator once it can be read.
        if (fault.force < 0.7) world.crash(victim.id);
        scheduler.after(fault.forMs / 2, () => world.boot(victim.id));
        end(() => world.boot(victim.id));
        break;
      case 'wipe':
        if (!world.operator.maySpare(victim)) break;
        world.crash(victim.id);
        victim.disk.wipe();
        Object.assign(victim, { fate: 'damaged', onRefused: fired });
        scheduler.after(fault.force * MAX_UNSEEN_MS, () => world.boot(victim.id));
        break;
      case 'wall-jump':
        victim.clockError.wallOffsetMs += (fault.force - 0.5) * 7_200_000;
        fired();
        break;
      case 'clock-rate':
        victim.clockError.rate = 1 + (fault.force - 0.5) * 2 * world.settings.maxRateError;
        fired();
        end(() => {
          victim.clockError.rate = 1;
        });
        break;
      case 'change-members':
        if (world.operator.changeMembers()) fired();
        // Two wishes at once, a leader that falls in the midst of one, one that was just elected.
        if (fault.force < 0.3) world.operator.changeMembers();
        else if (fault.force < 0.6) {
          scheduler.after(fault.force * 10, () => void world.crash(leader));
          end(() => world.boot(leader));
        } else world.operator.wish();
        break;
      case 'transfer':
        world.leader()?.transferLeadership(this.anotherThan(leader, fault));
        if (world.leader() === null) break;
        fired();
        if (fault.force >= 0.5) break;
        // The word has left; that its heir leads the old leader shall not hear.
        for (const id of ids) if (id !== leader) network.cut(id, leader, () => {});
        // Nor do some clients, which go on asking it while a lease may last.
        for (let ms = 2; ms <= 40; ms += 4) scheduler.after(ms, () => this.halfHearOf(leader));
        end(heal);
        break;
      case 'compact':
        victim.host?.compactNow();
        if (victim.host !== null) fired();
        break;
      case 'unknown-command':
        world.machine(leader).proposeUnknown(world.nextId(), fired);
        break;
      case 'garbage': {
        const echo = echoGarbage(world.random.fork(), () => victim.host?.drops, fired);
        network.follow(victim.id, scheduler.nowMs + fault.forMs, echo);
        break;
      }
      case 'pause':
        if (fault.force < 0.5) this.dream(world.machine(leader), scheduler.nowMs + fault.forMs);
        else victim.clockError.pausedUntilMs = scheduler.nowMs + fault.forMs;
        if (victim.host !== null) fired();
        break;
    }
    world.trace.add('fault', scheduler.nowMs, [fault.kind]);
  }

  /**
   * Breaks one voter until all is healed, the leader, the one to whom it hands over
   * or who stands against it, or removes it for good; the others are a quorum. False when they would
   * not be.
   */
  breakOne(): boolean {
    const { world } = this;
    const { network, ids } = world;
    const leader = world.leader();
    if (leader === null || leader.raft.conf.voters.length < 3 || isJoint(leader.raft.conf))
      return false;
    if (leader.raft.conf.voters.some((voter) => world.machine(voter).host === null)) return false;
    const { id, conf } = leader.raft;
    const kind = world.random.pick([
      'deaf',
      'mute',
      'down',
      'stalled',
      'heir',
      'removed',
      'rival',
    ] as const);
    const others = conf.voters.filter((voter) => voter !== id);
    const victim = kind === 'heir' ? world.random.pick(others) : id;
    switch (kind) {
      case 'deaf':
        for (const other of ids) network.cut(other, victim, () => {});
        break;
      case 'mute':
        for (const other of ids) network.cut(victim, other, () => {});
        break;
      case 'stalled':
        world.machine(victim).disk.weather.stalledUntilMs = Number.POSITIVE_INFINITY;
        break;
      case 'heir':
        leader.transferLeadership(victim);
        world.crash(victim);
        break;
      case 'down':
        world.crash(victim);
        break;
      case 'rival':
        // Its log grows while it is cut off; who stands against it falls as soon as one has
        // voted for it. Then the longest log has an older term than the one who voted.
        this.isolate([id], () => {});
        this.fill(id, 5);
        this.onVote = (candidate) => {
          this.onVote = () => {};
          world.crash(candidate);
          network.heal();
        };
        break;
      case 'removed':
        leader.proposeConfChange(world.nextId(), [{ type: 'removeNode', id: victim }]);
        break;
    }
    world.trace.add('broken', world.scheduler.nowMs, [kind, victim]);
    return true;
  }

  private anotherThan(id: NodeId, { node }: Fault): NodeId {
    const others = this.world.ids.filter((other) => other !== id);
    return must(others[node % others.length], 'another node');
  }

  /** Counts `kind` at its first call, and never again. */
  private firstTime(kind: FaultKind): () => void {
    let done = false;
    return () => {
      if (done) return;
      done = true;
      this.fired.set(kind, (this.fired.get(kind) ?? 0) + 1);
    };
  }

  /** Proposals that change nothing. */
  private fill(id: NodeId, count: number): void {
    const { host } = this.world.machine(id);
    const ticks = Array.from({ length: count }, () => ({ id: this.world.nextId(), data: TICK }));
    host?.propose(ticks);
  }

  /** Sleeps and is cut off; first of all it hears, once awake, what others had said before. */
  private dream({ id, clockError }: Machine, untilMs: number): void {
    this.world.network.hold(id, untilMs, 0, () => {});
    this.world.scheduler.after(HEARD_IN_SLEEP_MS, () => {
      clockError.pausedUntilMs = untilMs;
      this.isolate([id], () => {});
      this.world.scheduler.at(untilMs + HEARD_IN_SLEEP_MS, () => this.world.network.heal());
    });
  }

  /** Until `untilMs`, one node after another falls and comes back at once. */
  private restartStorm(untilMs: number, fault: Fault, fired: () => void): void {
    if (this.world.scheduler.nowMs >= untilMs) return;
    const id = this.world.random.pick(this.world.ids);
    if (this.world.crash(id)) fired();
    this.world.scheduler.after(1 + fault.force * 40, () => this.world.boot(id));
    this.world.scheduler.after(5 + this.world.random.nextFloat() * 80, () =>
      this.restartStorm(untilMs, fault, fired),
    );
  }

  /** The disk syncs nothing for a while, then the power goes: what was written in that time is lost, but for a prefix. */
  private loseUnsynced({ id, disk }: Machine, fault: Fault, fired: () => void): void {
    const forMs = Math.min(fault.forMs, MAX_UNSYNCED_MS);
    const crashAtMs = this.world.scheduler.nowMs + forMs;
    disk.weather.stalledUntilMs = crashAtMs + 1;
    this.world.scheduler.at(crashAtMs, () => {
      const before = disk.counts.lost;
      this.world.crash(id);
      if (disk.counts.lost > before) fired();
      this.world.scheduler.after(20 + fault.force * 200, () => this.world.boot(id));
    });
  }

  private isolate(side: readonly NodeId[], onCut: () => void): void {
    for (const a of this.world.ids) {
      for (const b of this.world.ids)
        if (side.includes(a) !== side.includes(b)) this.world.network.cut(a, b, onCut);
    }
  }

  /** Some clients hear who leads now. */
  halfHearOf(leader: NodeId): void {
    for (const client of this.world.clients)
      if (this.world.random.chance(0.5)) client.hearOf(leader);
  }
}
