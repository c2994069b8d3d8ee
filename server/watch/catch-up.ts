/**
 * Reads for watchers that are behind what is kept of late: scoped questions to
 * running nodes, few at a time, each watcher in its turn. Followers are asked
 * rather than the leader, which has enough to do, unless one had nothing new.
 */
import type { ChangesAnswer } from '../kv/queries.ts';
import type { KvError } from '../kv/types.ts';
import type { ReadResult } from '../node/control.ts';
import type { WatchedNodes } from './nodes.ts';
import type { Watcher } from './watcher.ts';

export const MAX_CATCH_UP_READS = 4;
/** Changes in one answer. */
const PAGE = 256;

export interface CatchUpEvents {
  onPage(watcher: Watcher, page: ChangesAnswer): void;
  onRefused(watcher: Watcher, error: KvError): void;
}

export class CatchUp {
  private readonly nodes: WatchedNodes;
  private readonly events: CatchUpEvents;
  private waiting: Watcher[] = [];
  /** No node could tell them anything: not before the next retry. */
  private stalled: Watcher[] = [];
  private readsUnderWay = 0;
  private turn = 0;

  constructor(nodes: WatchedNodes, events: CatchUpEvents) {
    this.nodes = nodes;
    this.events = events;
  }

  add(watcher: Watcher): void {
    watcher.place = 'reading';
    this.waiting.push(watcher);
    this.readOn();
  }

  /** To be called when nodes have come or gone, and now and then. */
  retry(): void {
    this.waiting.push(...this.stalled);
    this.stalled = [];
    this.readOn();
  }

  private readOn(): void {
    while (this.readsUnderWay < MAX_CATCH_UP_READS) {
      const watcher = this.waiting.shift();
      if (watcher === undefined) return;
      if (!watcher.hasEnded) this.read(watcher);
    }
  }

  private read(watcher: Watcher): void {
    const node = this.nodeFor(watcher);
    if (node === null) {
      this.stalled.push(watcher);
      return;
    }
    this.readsUnderWay++;
    const { scope, through: after } = watcher;
    this.nodes.read(node, { type: 'changes', ...scope, after, limit: PAGE }, (read) => {
      this.readsUnderWay--;
      if (!watcher.hasEnded) this.onAnswer(watcher, node, read);
      this.readOn();
    });
  }

  private onAnswer(watcher: Watcher, node: string, read: ReadResult): void {
    if (read.outcome === 'failed') {
      this.stalled.push(watcher);
      return;
    }
    const { result } = read;
    // A follower may have applied less than the watcher has been told of.
    if (!result.ok && result.error.code !== 'REVISION_NOT_YET') {
      this.events.onRefused(watcher, result.error);
      return;
    }
    const page = result.ok ? (result.answer as ChangesAnswer) : null;
    if (page !== null && page.through > watcher.through) {
      watcher.asksLeader = false;
      watcher.place = 'near';
      this.events.onPage(watcher, page);
      return;
    }
    watcher.asksLeader = true;
    const { leader } = this.nodes;
    if (leader === null || leader === node) this.stalled.push(watcher);
    else this.waiting.push(watcher);
  }

  private nodeFor({ asksLeader }: Watcher): string | null {
    const { leader, running } = this.nodes;
    if (asksLeader && leader !== null) return leader;
    const followers = running.filter((node) => node !== leader);
    return followers[this.turn++ % Math.max(1, followers.length)] ?? running[0] ?? null;
  }
}
