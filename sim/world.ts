/**
 * A whole cluster in one thread and in virtual time: the real node host and
 * core on a simulated network, disk and clock, with clients and faults, all of
 * it from one seed.
 */
import { assert, must } from '../server/base/assert.ts';
import { Random } from '../server/base/random.ts';
import { encodeCommand } from '../server/kv/command.ts';
import { NodeHost } from '../server/node/node-host.ts';
import { encodeConf, isJoint, members } from '../server/raft/conf-state.ts';
import type { NodeId, RaftEvent } from '../server/raft/types.ts';
import { StorageError } from '../server/storage/errors.ts';
import { echoGarbage } from './garbage.ts';
import type { Operation } from './history.ts';
import { Invariants } from './invariants.ts';
import { Machine } from './machine.ts';
import type { Fault, FaultKind } from './nemesis.ts';
import { Operator } from './operator.ts';
import { clientReach, watchReach } from './reach.ts';
import type { Machines } from './reach.ts';
import { Scheduler } from './scheduler.ts';
import { drawSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import { SimClient } from './sim-client.ts';
import { SimWatcher } from './sim-watcher.ts';
import { SimClock } from './sim-clock.ts';
import { CALM_DISK, SimDisk } from './sim-disk.ts';
import { CALM, SimNetwork } from './sim-network.ts';
import { TraceHash } from './trace-hash.ts';

export interface WorldOptions {
  readonly seed: number;
  /** Voters at the beginning. */
  readonly nodes: number;
  /** Nodes that are there to be added. */
  readonly spares: number;
  readonly clients: number;
}

/** Faults that take nodes down later than they begin have done so by then: a healed run waits for no longer. */
const MAX_STORM_MS = 1000;
const MAX_UNSYNCED_MS = 400;
const MAX_UNSEEN_MS = 200;
/** Some heartbeats long. */
const HEARD_IN_SLEEP_MS = 25;
const WATCHERS = 2;
/** Apart from the seeds of runs. */
const WATCHING = 2 ** 40;
const FORGETTING = 2 ** 41;
/** Part of the runs in which what is older than half a second may be forgotten, from some instant on. */
const FORGETFUL = 0.3;
const FORGET = encodeCommand({ op: 'retention', maxAgeMs: 500, maxVersions: null });
const TICK = encodeCommand({ op: 'tick' });
/** Full comparison of all logs, every so many steps. */
const MATCH_EVERY_STEPS = 5000;

export class World {
  readonly scheduler = new Scheduler();
  readonly network: SimNetwork;
  readonly invariants: Invariants;
  readonly history: Operation[] = [];
  readonly trace = new TraceHash();
  readonly faultsFired = new Map<FaultKind, number>();
  /** How often nodes told of each kind of event. */
  readonly happened = new Map<RaftEvent['type'], number>();
  private readonly random: Random;
  readonly settings: Settings;
  private readonly machines = new Map<NodeId, Machine>();
  /** Those that were replaced are not among them. */
  readonly ids: NodeId[] = [];
  readonly clients: readonly SimClient[];
  readonly watchers: readonly SimWatcher[];
  readonly operator: Operator;
  private nextId = 1;
  /** Called when a node has voted for another. */
  private onVote: (candidate: NodeId) => void = () => {};

  constructor({ seed, nodes, spares, clients }: WorldOptions) {
    this.random = Random.fromSeed(seed);
    this.network = new SimNetwork(this.scheduler, this.random.fork());
    const ids = Array.from({ length: nodes + spares }, (_, i) => `n${i + 1}`);
    const voters = ids.slice(0, nodes);
    this.settings = drawSettings(this.random.fork(), ids);
    this.invariants = new Invariants(voters);
    this.operator = new Operator({
      random: this.random,
      scheduler: this.scheduler,
      invariants: this.invariants,
      machines: this.machines,
      leader: () => this.leader(),
      running: () => this.running(),
      propose: (leader, changes) => leader.proposeConfChange(this.nextId++, changes),
      addNode: () => {
        const id = `n${this.machines.size + 1}`;
        this.addMachine(id, []);
        this.boot(id);
        return id;
      },
      onReplaced: (id) => void this.ids.splice(this.ids.indexOf(id), 1),
    });
    for (const id of ids) this.addMachine(id, voters.includes(id) ? voters : []);
    const machines: Machines = {
      scheduler: this.scheduler,
      ids: this.ids,
      machine: (id) => this.machine(id),
      nextId: () => this.nextId++,
    };
    const reach = clientReach(machines, this.random, this.invariants);
    this.clients = Array.from(
      { length: clients },
      (_, i) => new SimClient(`c${i + 1}`, this.scheduler, this.random.fork(), reach, this.history),
    );
    // They draw from a stream of their own, and disturb nothing.
    const watching = Random.fromSeed(seed + WATCHING);
    this.watchers = Array.from(
      { length: WATCHERS },
      () => new SimWatcher(this.scheduler, watching.fork(), watchReach(machines, watching.fork())),
    );
    for (const id of ids) this.boot(id);
    for (const client of this.clients) client.start();
    for (const watcher of this.watchers) watcher.start();
    const forgetting = Random.fromSeed(seed + FORGETTING);
    if (forgetting.chance(FORGETFUL)) this.forgetAfter(forgetting.nextInt(300, 3000));
  }

  private forgetAfter(ms: number): void {
    this.scheduler.after(ms, () => {
      const leader = this.leader();
      leader?.propose([{ id: this.nextId++, data: FORGET }]);
      if (leader === null) this.forgetAfter(50);
    });
  }

  private addMachine(id: NodeId, voters: readonly NodeId[]): void {
    const clockError = { rate: 1, wallOffsetMs: 0, pausedUntilMs: 0 };
    const disk = new SimDisk(id, voters, this.scheduler, this.random.fork());
    this.network.join(id, clockError);
    const onRun = this.invariants.join(id, disk, () => this.holdsLease(id));
    this.machines.set(id, new Machine(id, disk, clockError, onRun));
    this.ids.push(id);
  }

  /** Runs until virtual `untilMs`, checking after every step. Throws AssertionError on the first broken rule. */
  runUntil(untilMs: number): void {
    while (this.scheduler.step(untilMs)) {
      this.invariants.check();
      if (this.scheduler.steps % MATCH_EVERY_STEPS === 0) this.invariants.checkWhole();
    }
  }

  stopClients(): void {
    for (const client of this.clients) client.stop();
  }

  /** Writes that crashes took from disks. */
  get writesLost(): number {
    return [...this.machines.values()].reduce((sum, { disk }) => sum + disk.counts.lost, 0);
  }

  running(): NodeHost[] {
    return [...this.machines.values()].flatMap(({ host }) => (host === null ? [] : [host]));
  }

  leader(): NodeHost | null {
    const leaders = this.running().filter((host) => host.raft.isEstablishedLeader);
    return leaders.sort((a, b) => b.raft.term - a.raft.term)[0] ?? null;
  }

  /** All faults end: links whole, weather calm, disks well, every node up, but for those to be replaced. */
  heal(): void {
    this.network.heal();
    this.network.weather = { ...CALM };
    this.onVote = () => {};
    for (const { id, disk, clockError, fate } of this.machines.values()) {
      Object.assign(disk.weather, CALM_DISK);
      clockError.pausedUntilMs = 0;
      clockError.rate = 1;
      // What is damaged shows itself now, and not later to those who count on this node.
      if (fate === 'damaged') this.crash(id);
      this.boot(id);
    }
  }

  /** Every node that cannot come back is out of the cluster. */
  get isTended(): boolean {
    return [...this.machines.values()].every(({ fate }) => fate !== 'lost');
  }

  /** Lets a fault happen now. It counts as fired when it first does something. */
  inflict(fault: Fault): void {
    const { scheduler, network } = this;
    const victim = this.machine(must(this.ids[fault.node], 'a node of the cluster'));
    const leader = this.leader()?.raft.id ?? victim.id;
    const fired = this.firstTime(fault.kind);
    const end = (run: () => void): void => void scheduler.after(fault.forMs, run);
    const heal = (): void => network.heal();
    switch (fault.kind) {
      case 'crash':
        if (this.crash(victim.id)) fired();
        end(() => this.boot(victim.id));
        break;
      case 'crash-leader':
        if (this.crash(leader)) fired();
        end(() => this.boot(leader));
        break;
      case 'crash-all':
        for (const id of this.ids) if (this.crash(id)) fired();
        end(() => {
          for (const id of this.ids) this.boot(id);
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
        this.isolate(this.ids.slice(0, 1 + Math.floor(fault.force * (this.ids.length - 1))), fired);
        end(heal);
        break;
      case 'one-way':
        for (const id of this.ids) {
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
        end(() => this.boot(victim.id));
        break;
      case 'disk-full':
        victim.disk.onStruck.set(fault.kind, fired);
        victim.disk.weather.fullUntilMs = scheduler.nowMs + fault.forMs;
        end(() => this.boot(victim.id));
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
        if (!this.operator.maySpare(victim) || !victim.disk.damage()) break;
        Object.assign(victim, { fate: 'damaged', onRefused: fired });
        // Until then it may be read for a snapshot, which stops the node too.
        scheduler.after(fault.force * MAX_UNSEEN_MS, () => void this.crash(victim.id));
        scheduler.after(MAX_UNSEEN_MS + 20, () => this.boot(victim.id));
        break;
      case 'disk-unreadable':
        victim.disk.onStruck.set(fault.kind, fired);
        victim.disk.weather.unreadableUntilMs = scheduler.nowMs + fault.forMs;
        // It is tried in vain, and again by an operator once it can be read.
        if (fault.force < 0.7) this.crash(victim.id);
        scheduler.after(fault.forMs / 2, () => this.boot(victim.id));
        end(() => this.boot(victim.id));
        break;
      case 'wipe':
        if (!this.operator.maySpare(victim)) break;
        this.crash(victim.id);
        victim.disk.wipe();
        Object.assign(victim, { fate: 'damaged', onRefused: fired });
        scheduler.after(fault.force * MAX_UNSEEN_MS, () => this.boot(victim.id));
        break;
      case 'wall-jump':
        victim.clockError.wallOffsetMs += (fault.force - 0.5) * 7_200_000;
        fired();
        break;
      case 'clock-rate':
        victim.clockError.rate = 1 + (fault.force - 0.5) * 2 * this.settings.maxRateError;
        fired();
        end(() => {
          victim.clockError.rate = 1;
        });
        break;
      case 'change-members':
        if (this.operator.changeMembers()) fired();
        // Two wishes at once, a leader that falls in the midst of one, one that was just elected.
        if (fault.force < 0.3) this.operator.changeMembers();
        else if (fault.force < 0.6) {
          scheduler.after(fault.force * 10, () => void this.crash(leader));
          end(() => this.boot(leader));
        } else this.operator.wish();
        break;
      case 'transfer':
        this.leader()?.transferLeadership(this.anotherThan(leader, fault));
        if (this.leader() === null) break;
        fired();
        if (fault.force >= 0.5) break;
        // The word has left; that its heir leads the old leader shall not hear.
        for (const id of this.ids) if (id !== leader) network.cut(id, leader, () => {});
        // Nor do some clients, which go on asking it while a lease may last.
        for (let ms = 2; ms <= 40; ms += 4) scheduler.after(ms, () => this.halfHearOf(leader));
        end(heal);
        break;
      case 'compact':
        victim.host?.compactNow();
        if (victim.host !== null) fired();
        break;
      case 'unknown-command':
        this.machine(leader).proposeUnknown(this.nextId++, fired);
        break;
      case 'garbage': {
        const echo = echoGarbage(this.random.fork(), () => victim.host?.drops, fired);
        network.follow(victim.id, scheduler.nowMs + fault.forMs, echo);
        break;
      }
      case 'pause':
        if (fault.force < 0.5) this.dream(this.machine(leader), scheduler.nowMs + fault.forMs);
        else victim.clockError.pausedUntilMs = scheduler.nowMs + fault.forMs;
        if (victim.host !== null) fired();
        break;
    }
    this.trace.add('fault', scheduler.nowMs, [fault.kind]);
  }

  /** Before the first step after healing, one voter is taken down, if the others are surely a quorum. */
  leaveOneOut(): void {
    const { conf } = this.invariants;
    if (conf.voters.length < 3 || isJoint(conf)) return;
    const isCertain = conf.voters.every((id) => {
      const raft = this.machine(id).host?.raft;
      return raft !== undefined && encodeConf(raft.conf) === encodeConf(conf);
    });
    if (isCertain) this.crash(this.random.pick(conf.voters));
  }

  /**
   * Breaks one voter until all is healed, the leader, the one to whom it hands over
   * or who stands against it, or removes it for good; the others are a quorum. False when they would
   * not be.
   */
  breakOne(): boolean {
    const leader = this.leader();
    if (leader === null || leader.raft.conf.voters.length < 3 || isJoint(leader.raft.conf))
      return false;
    if (leader.raft.conf.voters.some((voter) => this.machine(voter).host === null)) return false;
    const { id, conf } = leader.raft;
    const kind = this.random.pick([
      'deaf',
      'mute',
      'down',
      'stalled',
      'heir',
      'removed',
      'rival',
    ] as const);
    const others = conf.voters.filter((voter) => voter !== id);
    const victim = kind === 'heir' ? this.random.pick(others) : id;
    switch (kind) {
      case 'deaf':
        for (const other of this.ids) this.network.cut(other, victim, () => {});
        break;
      case 'mute':
        for (const other of this.ids) this.network.cut(victim, other, () => {});
        break;
      case 'stalled':
        this.machine(victim).disk.weather.stalledUntilMs = Number.POSITIVE_INFINITY;
        break;
      case 'heir':
        leader.transferLeadership(victim);
        this.crash(victim);
        break;
      case 'down':
        this.crash(victim);
        break;
      case 'rival':
        // Its log grows while it is cut off; who stands against it falls as soon as one has
        // voted for it. Then the longest log has an older term than the one who voted.
        this.isolate([id], () => {});
        this.fill(id, 5);
        this.onVote = (candidate) => {
          this.onVote = () => {};
          this.crash(candidate);
          this.network.heal();
        };
        break;
      case 'removed':
        leader.proposeConfChange(this.nextId++, [{ type: 'removeNode', id: victim }]);
        break;
    }
    this.trace.add('broken', this.scheduler.nowMs, [kind, victim]);
    return true;
  }

  private onElected(id: NodeId): void {
    this.halfHearOf(id);
    this.operator.onElected();
  }

  private holdsLease(id: NodeId): boolean {
    const { host, clock } = this.machine(id);
    return host !== null && clock !== null && host.raft.holdsLease(clock.now().mono);
  }

  private halfHearOf(leader: NodeId): void {
    for (const client of this.clients) if (this.random.chance(0.5)) client.hearOf(leader);
  }

  /** Those who count, as the leader has it; they and they alone must come to agree. */
  members(): NodeHost[] {
    const conf = this.leader()?.raft.status().confState;
    if (conf === undefined) return [];
    return members(conf).flatMap((id) => this.machine(id).host ?? []);
  }

  private anotherThan(id: NodeId, { node }: Fault): NodeId {
    const others = this.ids.filter((other) => other !== id);
    return must(others[node % others.length], 'another node');
  }

  /** Counts `kind` at its first call, and never again. */
  private firstTime(kind: FaultKind): () => void {
    let done = false;
    return () => {
      if (done) return;
      done = true;
      this.faultsFired.set(kind, (this.faultsFired.get(kind) ?? 0) + 1);
    };
  }

  /** Proposals that change nothing. */
  private fill(id: NodeId, count: number): void {
    const { host } = this.machine(id);
    const ticks = Array.from({ length: count }, () => ({ id: this.nextId++, data: TICK }));
    host?.propose(ticks);
  }

  /** Sleeps and is cut off; first of all it hears, once awake, what others had said before. */
  private dream({ id, clockError }: Machine, untilMs: number): void {
    this.network.hold(id, untilMs, 0, () => {});
    this.scheduler.after(HEARD_IN_SLEEP_MS, () => {
      clockError.pausedUntilMs = untilMs;
      this.isolate([id], () => {});
      this.scheduler.at(untilMs + HEARD_IN_SLEEP_MS, () => this.network.heal());
    });
  }

  /** Until `untilMs`, one node after another falls and comes back at once. */
  private restartStorm(untilMs: number, fault: Fault, fired: () => void): void {
    if (this.scheduler.nowMs >= untilMs) return;
    const id = this.random.pick(this.ids);
    if (this.crash(id)) fired();
    this.scheduler.after(1 + fault.force * 40, () => this.boot(id));
    this.scheduler.after(5 + this.random.nextFloat() * 80, () =>
      this.restartStorm(untilMs, fault, fired),
    );
  }

  /** The disk syncs nothing for a while, then the power goes: what was written in that time is lost, but for a prefix. */
  private loseUnsynced({ id, disk }: Machine, fault: Fault, fired: () => void): void {
    const forMs = Math.min(fault.forMs, MAX_UNSYNCED_MS);
    const crashAtMs = this.scheduler.nowMs + forMs;
    disk.weather.stalledUntilMs = crashAtMs + 1;
    this.scheduler.at(crashAtMs, () => {
      const before = disk.counts.lost;
      this.crash(id);
      if (disk.counts.lost > before) fired();
      this.scheduler.after(20 + fault.force * 200, () => this.boot(id));
    });
  }

  private isolate(side: readonly NodeId[], onCut: () => void): void {
    for (const a of this.ids) {
      for (const b of this.ids)
        if (side.includes(a) !== side.includes(b)) this.network.cut(a, b, onCut);
    }
  }

  // --- machines --------------------------------------------------------------------

  private machine(id: NodeId): Machine {
    return must(this.machines.get(id), 'a machine of this world');
  }

  private boot(id: NodeId): void {
    const machine = this.machine(id);
    if (machine.host !== null || machine.heir !== null) return;
    const opened = this.open(machine);
    if (opened === null) return;
    const { storage, restored } = opened;
    const clock = new SimClock(this.scheduler, machine.clockError, machine.onRun);
    const host = new NodeHost({
      id,
      timing: this.settings.timing,
      raftOverrides: this.settings.core.get(id) ?? {},
      seed: this.random.nextUint32(),
      clock,
      transport: this.network.endpoint(id, (message) =>
        this.invariants.checkPromise(machine.disk, message),
      ),
      storage,
      restored,
      logTail: this.settings.logTail,
      sessionLimits: this.settings.sessions,
      ageAfterMicros: 0,
      onProposed: (proposal, proposed) => {
        const answer = machine.proposals.get(proposal);
        machine.proposals.delete(proposal);
        answer?.(proposed);
      },
      onRead: (read, result) => {
        const answer = machine.reads.get(read);
        machine.reads.delete(read);
        answer?.(result);
      },
      onTrace: (event) => {
        this.happened.set(event.type, (this.happened.get(event.type) ?? 0) + 1);
        this.trace.add(id, this.scheduler.nowMs, Object.values(event));
        if (event.type === 'role' && event.role === 'leader') this.onElected(id);
        if (event.type === 'voteCast') this.scheduler.after(0, () => this.onVote(event.candidate));
      },
      onFailed: (reason) => {
        // A disk that failed is why nodes stop; anything else is a bug that the run has found.
        assert(reason.includes('the disk failed'), `${id} stopped itself: ${reason}`);
        this.scheduler.after(0, () => void this.crash(id));
      },
    });
    machine.clock = clock;
    machine.host = host;
    this.invariants.booted(id, host);
    host.start();
  }

  /** Null when the store is refused: the node stays down. */
  private open(machine: Machine): ReturnType<Machine['open']> | null {
    try {
      return machine.open();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.trace.add('refused', this.scheduler.nowMs, [machine.id, error.code]);
      // What cannot be read now may be read later.
      if (error.code === 'unavailable') return null;
      assert(machine.fate === 'damaged', `${machine.id}: a store that is whole is not refused`);
      machine.onRefused();
      this.operator.replace(machine);
      return null;
    }
  }

  /** The thread is gone in the middle of whatever it did; nobody it owed an answer gets one. False if it was gone before. */
  private crash(id: NodeId): boolean {
    const machine = this.machine(id);
    if (machine.host === null) return false;
    machine.host.stop();
    machine.clock?.stop();
    machine.host = null;
    this.invariants.booted(id, null);
    this.network.disconnect(id);
    machine.disk.crash();
    machine.proposals.clear();
    machine.reads.clear();
    this.trace.add('crash', this.scheduler.nowMs, [id]);
    return true;
  }
}
