/** Nodes as they run, host and store, on simulated machines that a test crashes, stalls and revives. */
import { must } from '../../../server/base/assert.ts';
import { Random } from '../../../server/base/random.ts';
import { encodeCommand } from '../../../server/kv/command.ts';
import type { SessionRef } from '../../../server/kv/types.ts';
import type { Proposed, ReadResult } from '../../../server/node/control.ts';
import { NodeHost } from '../../../server/node/node-host.ts';
import type { LogTail } from '../../../server/node/compaction.ts';
import { Scheduler } from '../../../sim/scheduler.ts';
import { SimClock } from '../../../sim/sim-clock.ts';
import type { ClockError } from '../../../sim/sim-clock.ts';
import { SimDisk } from '../../../sim/sim-disk.ts';
import { SimNetwork } from '../../../sim/sim-network.ts';

interface Machine {
  readonly disk: SimDisk;
  readonly clockError: ClockError;
  host: NodeHost | null;
  clock: SimClock | null;
}

const MACHINE_TIMING = { heartbeatIntervalMs: 20, electionTimeoutMs: 200, leaseMs: 0 };

export class Machines {
  readonly scheduler = new Scheduler();
  readonly network: SimNetwork;
  readonly proposed = new Map<number, Proposed>();
  readonly reads = new Map<number, ReadResult>();
  readonly failures: string[] = [];
  private readonly machines = new Map<string, Machine>();
  private readonly random: Random;
  private readonly logTail: LogTail;
  private readonly ids: readonly string[];
  private nextId = 1;

  constructor(
    ids: readonly string[],
    { seed = 1, logTail = { entries: 1000, chars: 100_000 } } = {},
  ) {
    this.ids = ids;
    this.random = Random.fromSeed(seed);
    this.logTail = logTail;
    this.network = new SimNetwork(this.scheduler, this.random.fork());
    for (const id of ids) {
      const clockError = { rate: 1, wallOffsetMs: 0, pausedUntilMs: 0 };
      this.network.join(id, clockError);
      const disk = new SimDisk(id, ids, this.scheduler, this.random.fork());
      this.machines.set(id, { disk, clockError, host: null, clock: null });
      this.boot(id);
    }
  }

  private machine(id: string): Machine {
    return must(this.machines.get(id), `machine ${id}`);
  }

  disk(id: string): SimDisk {
    return this.machine(id).disk;
  }

  host(id: string): NodeHost {
    return must(this.machine(id).host, `${id} runs`);
  }

  running(): NodeHost[] {
    return [...this.machines.values()].flatMap(({ host }) => host ?? []);
  }

  boot(id: string): void {
    const machine = this.machine(id);
    const { storage, restored } = machine.disk.open(null);
    machine.clock = new SimClock(this.scheduler, machine.clockError);
    machine.host = new NodeHost({
      id,
      timing: MACHINE_TIMING,
      seed: this.random.nextUint32(),
      clock: machine.clock,
      transport: this.network.endpoint(id),
      storage,
      restored,
      logTail: this.logTail,
      onProposed: (proposal, outcome) => this.proposed.set(proposal, outcome),
      onRead: (read, result) => this.reads.set(read, result),
      onTrace: () => {},
      onFailed: (reason) => this.failures.push(`${id}: ${reason}`),
    });
    machine.host.start();
  }

  /** The process is gone; of what the disk had not finished, some prefix may have landed. */
  crash(id: string): void {
    const machine = this.machine(id);
    machine.host?.stop();
    machine.clock?.stop();
    machine.host = null;
    this.network.disconnect(id);
    machine.disk.crash();
    machine.disk.weather.stalledUntilMs = 0;
  }

  /** Nothing that this disk is given is finished in the next `ms`. */
  stall(id: string, ms: number): void {
    this.disk(id).weather.stalledUntilMs = this.scheduler.nowMs + ms;
  }

  isolate(id: string): void {
    for (const other of this.ids) {
      if (other === id) continue;
      this.network.cut(id, other);
      this.network.cut(other, id);
    }
  }

  pass(ms: number): void {
    const until = this.scheduler.nowMs + ms;
    while (this.scheduler.step(until));
  }

  /** The established leader of the newest term, once there is one; not one of `but`. */
  leader(...but: readonly string[]): string {
    for (let i = 0; i < 200; i++) {
      const leaders = this.running()
        .map(({ raft }) => raft)
        .filter((raft) => raft.isEstablishedLeader && !but.includes(raft.id));
      const newest = leaders.sort((a, b) => b.term - a.term)[0];
      if (newest !== undefined) return newest.id;
      this.pass(20);
    }
    throw new Error('no leader');
  }

  /** Asks for a field of its own; returns the proposal's id, under which `proposed` has the answer. */
  write(id: string, field: string, session?: SessionRef): number {
    const proposal = this.nextId++;
    const command = { op: 'set', key: 'k', field, value: field } as const;
    this.host(id).propose([{ id: proposal, data: encodeCommand(command, session) }]);
    return proposal;
  }

  /** Opens a session; the name that it got. */
  openSession(id: string): string {
    const proposal = this.nextId++;
    this.host(id).propose([{ id: proposal, data: encodeCommand({ op: 'session' }) }]);
    while (!this.proposed.has(proposal)) this.pass(1);
    const proposed = this.proposed.get(proposal);
    if (proposed?.outcome !== 'applied' || !proposed.result.ok) throw new Error('a session');
    const { outcome } = proposed.result;
    if (outcome.op !== 'session') throw new Error('a session is opened');
    return outcome.client;
  }

  read(id: string): number {
    const read = this.nextId++;
    this.host(id).read([{ id: read, query: FIELDS, level: 'linearizable' }]);
    return read;
  }

  /** Fields that the node's store has, in byte order. */
  fields(id: string): string[] {
    const result = this.host(id).kv.query(FIELDS);
    if (!result.ok || result.answer.type !== 'scan') throw new Error('a scan');
    return result.answer.fields.map(({ field }) => field);
  }

  isAcknowledged(proposal: number): boolean {
    return this.proposed.get(proposal)?.outcome === 'applied';
  }
}

const FIELDS = { type: 'scan', key: 'k' } as const;
