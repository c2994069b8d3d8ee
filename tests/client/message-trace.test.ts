/** The order of cause and effect in a trace of messages, against the paths through a run that made it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBefore, traceOf } from '../../client/message-trace.ts';
import type { NodeStep } from '../../client/message-trace.ts';
import { TraceEvent } from '../../contracts/trace.ts';
import type { TraceSent } from '../../contracts/trace.ts';
import { must } from '../../server/base/assert.ts';

type OwnEvent = NodeStep['event'];

/** What one node does next: sends, takes what is on its way to it, says something, or starts anew. */
const move = fc.record({
  node: fc.nat(3),
  what: fc.constantFrom('send', 'send', 'take', 'take', 'take', 'mark', 'restart'),
  pick: fc.nat(50),
});
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

/** A run in the order in which it happened, and for each event those that caused it directly. */
class Run {
  readonly events: OwnEvent[] = [];
  readonly causes = new Map<OwnEvent, readonly OwnEvent[]>();
  private readonly last = new Map<string, OwnEvent>();
  private readonly boots = new Map<string, number>();
  private readonly numbers = new Map<string, number>();
  private readonly onTheWay: TraceSent[] = [];

  take({ node: drawn, what, pick }: Move): void {
    const node = `n${drawn + 1}`;
    const boot = this.boots.get(node) ?? 1;
    const common = { seq: this.events.length + 1, clusterMs: this.events.length * 5, node, boot };
    switch (what) {
      case 'send': {
        const number = (this.numbers.get(node) ?? 0) + 1;
        this.numbers.set(node, number);
        const to = `n${((drawn + 1 + (pick % 3)) % 4) + 1}`;
        const id = `${node}-${boot}-${number}`;
        const sent: TraceSent = {
          ...common,
          type: 'sent',
          id,
          number,
          to,
          message: 'Heartbeat',
          term: 1,
          refused: false,
          entries: 0,
          fields: [],
        };
        this.onTheWay.push(sent);
        return this.add(sent, null);
      }
      case 'take': {
        const mine = this.onTheWay.filter(({ to }) => to === node);
        const sent = mine[pick % Math.max(1, mine.length)];
        if (sent === undefined) return;
        this.onTheWay.splice(this.onTheWay.indexOf(sent), 1);
        const { id, node: from, boot: fromBoot, number } = sent;
        return this.add({ ...common, type: 'received', id, from, fromBoot, number }, sent);
      }
      case 'mark':
        return this.add({ ...common, type: 'mark', mark: 'commit', term: 1, index: pick }, null);
      case 'restart':
        this.boots.set(node, boot + 1);
        this.numbers.set(node, 0);
        return this.add({ ...common, type: 'mark', mark: 'down', term: null, index: null }, null);
    }
  }

  /** By the definition: along the line of a node, and from a sending to its arrival. */
  causesOf(event: OwnEvent): ReadonlySet<OwnEvent> {
    const found = new Set<OwnEvent>([event]);
    for (const one of found) for (const cause of this.causes.get(one) ?? []) found.add(cause);
    return found;
  }

  private add(event: OwnEvent, sent: OwnEvent | null): void {
    const before = this.last.get(event.node);
    this.events.push(event);
    this.causes.set(
      event,
      [before, sent].filter((cause) => cause != null),
    );
    this.last.set(event.node, event);
  }
}

function runOf(moves: readonly Move[]): Run {
  const run = new Run();
  for (const one of moves) run.take(one);
  return run;
}

const runs = fc.array(move, { minLength: 1, maxLength: 80 }).map(runOf);

/** For each pair of steps: the clocks say that one came before the other when there is a path, and only then. */
function expectOrder(run: Run, told: readonly TraceEvent[], steps: readonly NodeStep[]): void {
  const bySeq = new Map(told.map((event, i) => [event.seq, i]));
  expect(bySeq.size).toBe(told.length);
  const real = new Map(run.events.map((event) => [keyOf(event), event]));
  for (const b of steps) {
    const causes = run.causesOf(must(real.get(keyOf(b.event)), 'it happened'));
    for (const a of steps) {
      const isCause = causes.has(must(real.get(keyOf(a.event)), 'it happened'));
      expect(isBefore(a.clock, b.clock), `${keyOf(a.event)} before ${keyOf(b.event)}`).toBe(
        isCause,
      );
    }
  }
}

/** An event by when it really happened. */
function keyOf({ clusterMs }: OwnEvent): string {
  return `at ${clusterMs}`;
}

/** As a server hears it: each node's events in their order, mixed with those of others as the draws say. */
function heard(run: Run, draws: readonly number[], upTo: readonly number[]): OwnEvent[] {
  const queues = ['n1', 'n2', 'n3', 'n4'].map((node, i) =>
    run.events.filter((event) => event.node === node).slice(0, upTo[i]),
  );
  const told: OwnEvent[] = [];
  for (let at = 0; ; at++) {
    const waiting = queues.filter(({ length }) => length > 0);
    const next = waiting[(draws[at % draws.length] ?? 0) % Math.max(1, waiting.length)]?.shift();
    if (next === undefined) return told;
    told.push({ ...next, seq: told.length + 1 });
  }
}

const draws = fc.array(fc.nat(11), { minLength: 1, maxLength: 40 });

describe('a trace of messages', () => {
  it('[V36] says that one thing came before another when a path of steps and messages leads there, and only then', () => {
    fc.assert(
      fc.property(runs, draws, (run, mixed) => {
        const told = heard(run, mixed, []);
        for (const event of told) TraceEvent.parse(event);
        const { steps } = traceOf(told);
        expect(steps).toHaveLength(run.events.length);
        expectOrder(run, told, steps);
      }),
      { numRuns: 300 },
    );
  });

  it('[V36] leaves out what has causes that are not told of yet, and is right about the rest', () => {
    const ends = fc.array(fc.nat(20), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(runs, draws, ends, (run, mixed, upTo) => {
        const told = heard(run, mixed, upTo);
        const { steps } = traceOf(told);
        expectOrder(run, told, steps);
        const isTold = new Set(told.map(keyOf));
        const whole = run.events.filter((event) =>
          [...run.causesOf(event)].every((cause) => isTold.has(keyOf(cause))),
        );
        expect(steps.length).toBeGreaterThanOrEqual(whole.length);
      }),
      { numRuns: 300 },
    );
  });

  it('[V36] is right about the newest when the oldest are forgotten', () => {
    fc.assert(
      fc.property(runs, fc.nat(60), (run, forgotten) => {
        const told = run.events.slice(forgotten);
        const { steps } = traceOf(told);
        expectOrder(run, told, steps);
      }),
      { numRuns: 300 },
    );
  });

  it('[V36] has in each clock the steps of its own node, one after the other, and each after its causes', () => {
    fc.assert(
      fc.property(runs, draws, (run, mixed) => {
        const { steps } = traceOf(heard(run, mixed, []));
        const counts = new Map<string, number>();
        const sent = new Set<string>();
        for (const { event, clock } of steps) {
          const count = (counts.get(event.node) ?? 0) + 1;
          expect(clock[event.node]).toBe(count);
          counts.set(event.node, count);
          if (event.type === 'sent') sent.add(event.id);
          if (event.type === 'received') expect(sent).toContain(event.id);
        }
      }),
      { numRuns: 200 },
    );
  });
});
