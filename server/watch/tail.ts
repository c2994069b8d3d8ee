/**
 * Follows the leader from revision to revision. When there is another leader,
 * or its node goes down, the next one is asked from where this one had got:
 * every node tells the same after the same revision (T18), so nothing is
 * missed and nothing comes twice.
 */
import type { ChangesAnswer } from '../kv/queries.ts';
import type { KvError, Revision } from '../kv/types.ts';
import type { ReadResult } from '../node/control.ts';
import type { WatchedNodes } from './nodes.ts';

/** Changes in one answer. */
const PAGE = 1000;

export interface TailEvents {
  onPage(page: ChangesAnswer): void;
  /** The store will not tell what comes next. The tail has ended. */
  onRefused(error: KvError): void;
}

export class Tail {
  private readonly nodes: WatchedNodes;
  private readonly events: TailEvents;
  private through: Revision;
  /** Who owes an answer. */
  private asked: string | null = null;
  /** Tells the question that counts from those before it. */
  private question = 0;
  private ended = false;

  constructor(nodes: WatchedNodes, from: Revision, events: TailEvents) {
    this.nodes = nodes;
    this.through = from;
    this.events = events;
  }

  /** Asks whoever leads now, unless it has been asked. To be called when that may have changed, and now and then. */
  nudge(): void {
    const { leader } = this.nodes;
    if (this.ended || leader === null || leader === this.asked) return;
    this.asked = leader;
    const question = ++this.question;
    this.nodes.follow(
      leader,
      { type: 'changes', after: this.through, limit: PAGE },
      (read: ReadResult) => {
        if (question === this.question && !this.ended) this.onAnswer(read);
      },
    );
  }

  end(): void {
    this.ended = true;
  }

  private onAnswer(read: ReadResult): void {
    this.asked = null;
    // A node that cannot answer is not asked again at once: a nudge comes with the next leader.
    if (read.outcome === 'failed') return;
    const { result } = read;
    if (!result.ok) {
      this.end();
      this.events.onRefused(result.error);
      return;
    }
    const page = result.answer as ChangesAnswer;
    this.through = page.through;
    this.events.onPage(page);
    this.nudge();
  }
}
