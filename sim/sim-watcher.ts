/**
 * A watcher: asks some node for what happened after the revision that it has
 * heard of, by pages or waiting for news, and another node when it hears nothing
 * for a while; now and then it begins anew in the past. It trusts that every node
 * tells the same, through crashes, elections and snapshots; the judge
 * (`watch-judge.ts`) does not.
 */
import type { Random } from '../server/base/random.ts';
import { MAX_PAGE } from '../server/kv/queries.ts';
import type { ChangeBatch, ChangesAnswer, ChangesQuery } from '../server/kv/queries.ts';
import type { Revision, Scope } from '../server/kv/types.ts';
import type { ReadResult } from '../server/node/control.ts';
import type { Refusal } from './history.ts';
import type { Scheduler } from './scheduler.ts';

const SCOPES: readonly Scope[] = [{}, { prefix: 'b' }, { key: 'a' }, { key: 'a', field: 'x' }];
/** A page that ends in the midst of what happened is the rule. */
const LIMITS = [1, 3, 50];
/** How often the next page is asked for where the last one came from. */
const FAITH = 0.7;
/** How often, after a page, it begins anew. */
const AGAIN = 0.04;

/** The cluster as a watcher can reach it. */
export interface WatchReach {
  readonly nodes: readonly string[];
  /** `waits` until the node has applied anything after `query.after`. */
  changes(
    node: string,
    query: ChangesQuery,
    waits: boolean,
    answer: (read: ReadResult) => void,
  ): void;
}

/** One answer to a wish. */
export interface HeardPage {
  readonly through: Revision;
  readonly batches: readonly ChangeBatch[];
  /** What the node had applied. */
  readonly asOf: Revision;
}

/** What was told in answer to one wish, each page after the one before. */
export interface Heard {
  readonly scope: Scope;
  readonly after: Revision;
  readonly pages: HeardPage[];
  /** Pages that were not given, and after which revision they were asked for. */
  readonly refusals: (Refusal & { readonly after: Revision })[];
}

/** How far it was told. */
export function heardThrough({ after, pages }: Heard): Revision {
  return pages.at(-1)?.through ?? after;
}

export class SimWatcher {
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  private readonly reach: WatchReach;
  private node: string;
  private current: Heard;
  private settling = false;
  readonly heard: Heard[] = [];

  constructor(scheduler: Scheduler, random: Random, reach: WatchReach) {
    this.scheduler = scheduler;
    this.random = random;
    this.reach = reach;
    this.node = random.pick(reach.nodes);
    this.current = this.begin(0);
  }

  start(): void {
    this.rest();
  }

  /** From now on it goes straight to the end, and begins nothing anew. */
  settle(): void {
    this.settling = true;
  }

  /** How far it has heard. */
  get through(): Revision {
    return heardThrough(this.current);
  }

  private begin(after: Revision): Heard {
    const heard = { scope: this.random.pick(SCOPES), after, pages: [], refusals: [] };
    this.heard.push(heard);
    return heard;
  }

  private rest(): void {
    this.scheduler.after(this.random.nextFloat() * 40, () => this.ask());
  }

  private ask(): void {
    const { scope } = this.current;
    const after = this.through;
    const limit = this.settling ? MAX_PAGE : this.random.pick(LIMITS);
    const query = { type: 'changes', ...scope, after, limit } as const;
    let waiting = true;
    const patience = this.scheduler.after(50 + this.random.nextFloat() * 150, () => {
      waiting = false;
      this.askAnother();
    });
    this.reach.changes(this.node, query, this.random.chance(0.5), (read) => {
      if (!waiting) return;
      waiting = false;
      patience.cancel();
      this.onAnswer(read);
    });
  }

  private onAnswer(read: ReadResult): void {
    if (read.outcome === 'failed') {
      this.askAnother();
      return;
    }
    const { result, appliedRevision: asOf } = read;
    if (!result.ok) {
      const { error } = result;
      this.current.refusals.push({ after: this.through, asOf, error });
      // What it wanted is forgotten: it begins anew with what is kept.
      if (error.horizon !== undefined) this.current = this.begin(error.horizon.revision);
      this.askAnother();
      return;
    }
    const { batches, through } = result.answer as ChangesAnswer;
    this.current.pages.push({ through, batches, asOf });
    const again = !this.settling && this.random.chance(AGAIN);
    if (again) this.current = this.begin(this.random.nextInt(0, through));
    if (this.random.chance(FAITH)) this.rest();
    else this.askAnother();
  }

  private askAnother(): void {
    this.node = this.random.pick(this.reach.nodes);
    this.rest();
  }
}
