/**
 * A node in earnest: builds the real ports, recovers from the node's own
 * database, and speaks the control protocol. The only file of this folder that
 * knows which storage and transport are used. The thread or process that it
 * runs in may be ended at any instant; only what is in the database survives.
 */
import { unreachable } from '../base/assert.ts';
import { PacedClock } from '../ports/paced-clock.ts';
import { refusalOf } from '../storage/errors.ts';
import { openPrismaStorage } from '../storage/prisma-storage.ts';
import { SlowStorage } from '../storage/slow-storage.ts';
import { LineMesh } from '../transport/line-mesh.ts';
import type { NodeOptions, NodeWorld, Proposed, ReadResult, ToNode } from './control.ts';
import { packAnswers, unpackProposals } from './control-wire.ts';
import type { Answer } from './control-wire.ts';
import { summarise } from './entry-summary.ts';
import type { NodeDoor } from './node-door.ts';
import { NodeHost } from './node-host.ts';
import { PacedNode } from './paced-node.ts';
import { NodeReporter, REPORT_EVERY_MS } from './node-reporter.ts';
import { RealClock } from './real-clock.ts';
import { SkewedClock } from './skewed-clock.ts';
import { WriteStages } from './write-stages.ts';
import type { WriteStamps } from './write-stages.ts';

/** Most entries in one answer to a log query. */
const MAX_LOG_PAGE = 500;

/** Answers of one turn leave together. */
class AnswerBatch {
  private readonly door: NodeDoor;
  private proposed: Answer[] = [];
  private read: { id: number; read: ReadResult }[] = [];
  private stages: { id: number; stamps: WriteStamps }[] = [];
  private scheduled = false;

  constructor(door: NodeDoor) {
    this.door = door;
  }

  addProposed(id: number, proposed: Proposed): void {
    this.proposed.push({ id, proposed });
    this.schedule();
  }

  /** Before the answer of the same proposal. */
  addStages(id: number, stamps: WriteStamps): void {
    this.stages.push({ id, stamps });
  }

  addRead(id: number, read: ReadResult): void {
    this.read.push({ id, read });
    this.schedule();
  }

  flush(): void {
    this.scheduled = false;
    if (this.proposed.length > 0) {
      const message = packAnswers(this.proposed);
      this.door.tell(this.stages.length === 0 ? message : { ...message, stages: this.stages });
    }
    if (this.read.length > 0) this.door.tell({ type: 'read', items: this.read });
    this.proposed = [];
    this.read = [];
    if (this.stages.length > 0) this.stages = [];
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => this.flush());
  }
}

/** Runs the node until it is stopped, or stops itself; each way ends in `door.close()`. Never rejects. */
export async function runNode(options: NodeOptions, door: NodeDoor): Promise<void> {
  try {
    await run(options, door);
  } catch (error) {
    const refusal = refusalOf(error);
    const what = error instanceof Error ? error.message : String(error);
    const reason =
      refusal === null
        ? what
        : `${what}; replace ${options.id} by a new node, which learns everything from the others`;
    door.tell({ type: 'failed', reason, refusal });
    door.close();
  }
}

async function run(options: NodeOptions, door: NodeDoor): Promise<void> {
  const startedMs = performance.now();
  const { storage, restored } = await openPrismaStorage({
    file: options.databaseFile,
    migrationsDir: options.migrationsDir,
    clusterId: options.clusterId,
    nodeId: options.id,
    voters: options.voters,
    storeId: options.storeId,
    bootEpoch: options.bootEpoch,
  });
  // What is restored is not named in what stays: all versions would be kept twice.
  const { identity, hardState } = restored;
  /** Of the disk, which is as slow as it is whatever the node's own clock shows. */
  const realClock = new RealClock();
  const skewed = new SkewedClock(realClock, { offsetMs: 0, drift: 0 });
  const clock = new PacedClock(skewed);
  const disk = new SlowStorage(storage, realClock, 0);
  live(options.world);
  const answers = new AnswerBatch(door);
  const reporter = new NodeReporter(hardState, () => setImmediate(report));
  const paced = new PacedNode(clock, identity, (message) => door.tell(message));
  const mesh = new LineMesh(
    clock,
    options.seed,
    (to, messages) => reporter.sent(to, messages),
    (event) => paced.onTransit(event),
    (messages) => reporter.lose(messages),
  );
  const stages = new WriteStages(() => performance.timeOrigin + performance.now());
  const host = new NodeHost({
    id: options.id,
    timing: options,
    seed: options.seed,
    clock,
    unslowed: clock.unslowed,
    transport: mesh,
    storage: disk,
    restored,
    onProposed: (id, proposed, waitedMs) => {
      if (proposed.outcome === 'applied') reporter.proposalDone(waitedMs);
      const stamps = stages.end(id);
      if (stamps !== null) answers.addStages(id, stamps);
      answers.addProposed(id, proposed);
    },
    onRead: (id, read) => {
      reporter.readDone(id, read.outcome === 'answered');
      answers.addRead(id, read);
    },
    onTrace: (event) => {
      reporter.trace(event);
      paced.onTrace(event);
    },
    onAppended: (id, index) => stages.appended(id, index),
    onPersisted: (tookMs, { hardState: written, append }) => {
      reporter.persisted(tookMs, written);
      const last = append.at(-1);
      if (last !== undefined) stages.persisted(last.index);
    },
    onCommitted: (upTo) => stages.committed(upTo),
    onApplied: (kv) => {
      reporter.applied(kv);
      stages.applied(kv.lastApplied);
    },
    onFailed: (reason) => {
      answers.flush();
      report();
      door.tell({ type: 'failed', reason, refusal: null });
      leave();
    },
  });

  function live(world: NodeWorld): void {
    skewed.set({ offsetMs: world.clockOffsetMs, drift: world.clockDrift });
    disk.setDelay(world.diskDelayMs);
    storage.setFull(world.diskFull);
  }

  const reportTimer = setInterval(report, REPORT_EVERY_MS);

  function report(): void {
    door.tell({ type: 'report', report: reporter.take(host, storage, identity, clock.now()) });
  }

  function leave(): void {
    clearInterval(reportTimer);
    mesh.close();
    door.close();
  }

  door.onMessage((message: ToNode) => {
    switch (message.type) {
      case 'connect':
        mesh.connect(message.peer, message.line);
        return;
      case 'link':
        mesh.setRule(message.peer, message.rule);
        return;
      case 'world':
        live(message.world);
        return;
      case 'pause':
        door.pass();
        return;
      case 'propose':
        if (message.traced !== undefined) stages.taken(message.traced);
        host.propose(unpackProposals(message));
        return;
      case 'read':
        for (const { id, level } of message.items)
          if (level === 'linearizable') reporter.readTaken(id);
        host.read(message.items);
        return;
      case 'follow':
        host.follow(message.id, message.query);
        return;
      case 'log': {
        const { raft } = host;
        const from = Math.max(raft.firstIndex, message.from);
        const to = Math.min(raft.lastIndex, from + Math.min(message.limit, MAX_LOG_PAGE) - 1);
        const entries = [];
        for (let index = from; index <= to; index++) entries.push(summarise(raft.entryAt(index)));
        door.tell({ type: 'log', id: message.id, entries, lastIndex: raft.lastIndex });
        return;
      }
      case 'campaign':
        host.campaign();
        return;
      case 'confChange':
        host.proposeConfChange(message.id, message.changes);
        return;
      case 'transferLeadership':
        host.transferLeadership(message.to);
        return;
      case 'compact':
        host.compactNow();
        return;
      case 'pace':
        paced.onAsk(message.ask, (answer) => door.tell({ type: 'pace', id: message.id, answer }));
        return;
      case 'sync':
        door.tell({ type: 'synced', id: message.id });
        return;
      case 'stop':
        host.stop();
        disk.setDelay(0);
        storage.close().then(leave, (error: unknown) => {
          const reason = `closing the database failed: ${String(error)}`;
          door.tell({ type: 'failed', reason, refusal: null });
          leave();
        });
        return;
      default:
        unreachable(message);
    }
  });

  host.start();
  paced.join(host, mesh, options.pace);
  door.tell({
    type: 'serving',
    report: reporter.take(host, storage, identity, clock.now()),
    recoveredMs: performance.now() - startedMs,
  });
}
