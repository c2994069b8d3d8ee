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
import { Faults } from './faults.ts';
import type { Operation } from './history.ts';
import { Invariants } from './invariants.ts';
import { Machine } from './machine.ts';
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

const WATCHERS = 2;
/** Apart from the seeds of runs. */
const WATCHING = 2 ** 40;
const FORGETTING = 2 ** 41;
/** Part of the runs in which what is older than half a second may be forgotten, from some instant on. */
const FORGETFUL = 0.3;
const FORGET = encodeCommand({ op: 'retention', maxAgeMs: 500, maxVersions: null });
/** Full comparison of all logs, every so many steps. */
const MATCH_EVERY_STEPS = 5000;

export class World {
  readonly scheduler = new Scheduler();
  readonly network: SimNetwork;
  readonly invariants: Invariants;
  readonly history: Operation[] = [];
  readonly trace = new TraceHash();
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
  readonly faults: Faults;

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
    this.faults = new Faults({
      ...machines,
      random: this.random,
      network: this.network,
      operator: this.operator,
      settings: this.settings,
      trace: this.trace,
      clients: this.clients,
      leader: () => this.leader(),
      crash: (id) => this.crash(id),
      boot: (id) => this.boot(id),
    });
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

  /** The leader, if there is one, is asked for a write that changes nothing; `onDone` is called when it says that this is done. */
  askLeader(onDone: () => void): void {
    const leader = this.leader();
    if (leader !== null) this.machine(leader.raft.id).proposeTick(this.nextId++, onDone);
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
    this.faults.heal();
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

  private onElected(id: NodeId): void {
    this.faults.halfHearOf(id);
    this.operator.onElected();
  }

  private holdsLease(id: NodeId): boolean {
    const { host, clock } = this.machine(id);
    return host !== null && clock !== null && host.raft.holdsLease(clock.now().mono);
  }

  /** Those who count, as the leader has it; they and they alone must come to agree. */
  members(): NodeHost[] {
    const conf = this.leader()?.raft.status().confState;
    if (conf === undefined) return [];
    return members(conf).flatMap((id) => this.machine(id).host ?? []);
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
        this.trace.add(id, this.scheduler.nowMs, event);
        if (event.type === 'role' && event.role === 'leader') this.onElected(id);
        if (event.type === 'voteCast')
          this.scheduler.after(0, () => this.faults.voted(event.candidate));
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
