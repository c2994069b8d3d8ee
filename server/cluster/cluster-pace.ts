/**
 * The speed of the whole cluster: every node's clock and links, and the time in
 * which requests wait, slowed together; for everyone. Nodes take a change one
 * after another, so for a moment their clocks run at different rates. Raft bears
 * that; a lease does not, and so counts only while all are known to be at full
 * speed (docs/adr/0021).
 *
 * Paused, time can be led on by one event. Each node says when its next timer is
 * due; the soonest is let fire on its node, and time goes on as far everywhere.
 */
import { assert } from '../base/assert.ts';
import type { DropResult, Happening, PaceAnswer, PaceAsk } from '../node/pace-control.ts';
import type { PacedClock } from '../ports/paced-clock.ts';
import type { Pace, PaceView, StepAnswer } from '../../contracts/pace.ts';
import { describeHappenings } from './step-text.ts';

/** Timers that fire without anything to be seen, as those that watch for stalls, are passed over: so many at most. */
const MAX_QUIET = 1000;

/** What it needs of the supervisor. */
export interface PacedNodes {
  readonly nodes: readonly string[];
  /** At which nodes begin. */
  pace: number;
  /** Its thread is stopped for a while, and answers later. */
  isPaused(id: string): boolean;
  node(id: string): {
    readonly isServing: boolean;
    pace(ask: PaceAsk): Promise<PaceAnswer | null>;
  };
}

export type StepResult =
  | { readonly ok: true; readonly answer: StepAnswer }
  | { readonly ok: false; readonly reason: 'not-paused' };

export class ClusterPace {
  private readonly cluster: PacedNodes;
  private readonly clock: PacedClock;
  private readonly onChange: (view: PaceView, what: string) => void;
  private current: Pace = 1;
  /** One change or step at a time, in the order asked. */
  private last: Promise<unknown> = Promise.resolve();

  /** `onChange` is told of each change of speed, and of each step, in words. */
  constructor(
    cluster: PacedNodes,
    clock: PacedClock,
    onChange: (view: PaceView, what: string) => void,
  ) {
    this.cluster = cluster;
    this.clock = clock;
    this.onChange = onChange;
  }

  view(): PaceView {
    return { pace: this.current, clusterMs: this.clock.now().mono, atMs: Date.now() };
  }

  /** Resolves when every node that serves runs at it. */
  set(pace: Pace): Promise<void> {
    return this.inTurn(async () => {
      if (pace === this.current) return;
      if (this.current === 1) await this.askAll({ do: 'pace', pace: 1, trustLeases: false });
      this.current = pace;
      this.cluster.pace = pace;
      this.clock.pace = pace;
      this.onChange(this.view(), `${PACE_WORDS[pace]}, for everyone; by whom is not known`);
      await this.askAll({ do: 'pace', pace, trustLeases: false });
      if (pace === 1) await this.askAll({ do: 'pace', pace, trustLeases: true });
    });
  }

  /** Lets the next event happen, and what follows from it without time going on. */
  step(): Promise<StepResult> {
    return this.inTurn(async () => {
      if (this.current !== 0) return { ok: false, reason: 'not-paused' };
      const answer = await this.stepOnce();
      const [cause = 'nothing is due'] = answer.happened;
      this.onChange(this.view(), `Step: ${cause}`);
      return { ok: true, answer };
    });
  }

  /** Loses the message on its way that has this name; `unknown`: no message ever had. */
  async drop(id: string): Promise<DropResult> {
    const [, node = '', boot = '', number = ''] = PACKET_ID.exec(id) ?? [];
    if (!this.cluster.nodes.includes(node)) return 'unknown';
    const answer = await this.cluster
      .node(node)
      .pace({ do: 'drop', boot: Number(boot), number: Number(number) });
    if (answer === null) return 'gone';
    assert(answer.of === 'drop', 'the answer is to this question');
    return answer.result;
  }

  private async stepOnce(): Promise<StepAnswer> {
    let advancedMs = 0;
    await this.askAll({ do: 'settle' });
    for (let quiet = 0; quiet < MAX_QUIET; quiet++) {
      const next = soonest(await this.askAll({ do: 'next' }));
      if (next === null) break;
      this.clock.advance(next.dueInMs);
      advancedMs += next.dueInMs;
      await this.askAll((node) => ({
        do: 'advance',
        ms: next.dueInMs,
        fire: node === next.node,
      }));
      const happened = describeHappenings(happenings(await this.askAll({ do: 'settle' })));
      if (happened.length > 0) return { advancedMs, happened };
    }
    return { advancedMs, happened: [] };
  }

  /** Those that serve answer before it goes on; those that start, or whose thread is stopped, take it when they run. */
  private async askAll(
    ask: PaceAsk | ((node: string) => PaceAsk),
  ): Promise<ReadonlyMap<string, PaceAnswer>> {
    const answers = new Map<string, PaceAnswer>();
    const waits = this.cluster.nodes.map(async (id) => {
      const node = this.cluster.node(id);
      const answered = node.pace(typeof ask === 'function' ? ask(id) : ask);
      if (!node.isServing || this.cluster.isPaused(id)) return;
      const answer = await answered;
      if (answer !== null) answers.set(id, answer);
    });
    await Promise.all(waits);
    return answers;
  }

  private inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.last.then(run);
    this.last = result.catch(() => {});
    return result;
  }
}

/** Of a message: its sender, the life of that, and its number in it. */
export function packetId(from: string, boot: number, number: number): string {
  return `${from}-${boot}-${number}`;
}
const PACKET_ID = /^(n\d+)-(\d{1,15})-(\d{1,15})$/;

const PACE_WORDS: Record<Pace, string> = {
  1: 'The cluster runs at full speed',
  0.25: 'The cluster runs at 1/4 of its speed',
  0.1: 'The cluster runs at 1/10 of its speed',
  0.025: 'The cluster runs at 1/40 of its speed',
  0: 'The cluster is paused',
};

function soonest(
  answers: ReadonlyMap<string, PaceAnswer>,
): { readonly node: string; readonly dueInMs: number } | null {
  let next: { readonly node: string; readonly dueInMs: number } | null = null;
  for (const [node, answer] of answers) {
    assert(answer.of === 'next', 'the answer is to this question');
    const { dueInMs } = answer;
    if (dueInMs !== null && (next === null || dueInMs < next.dueInMs)) next = { node, dueInMs };
  }
  return next;
}

function happenings(answers: ReadonlyMap<string, PaceAnswer>): readonly Happening[] {
  return [...answers.values()].flatMap((answer) => {
    assert(answer.of === 'happened', 'the answer is to this question');
    return answer.happenings;
  });
}
