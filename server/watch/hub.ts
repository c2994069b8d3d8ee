/**
 * Everyone who watches, served from one stream. While there is a watcher one
 * tail follows the leader; its batches are told to the watchers at the head and
 * kept for a while. Who starts in the past, or was too slow for what is kept,
 * catches up by reads of its own and then joins the head. A watcher is a
 * revision and no more: what it is told next is what happened after that, so
 * that it may change between those ways, and between leaders, at any revision.
 *
 * Nothing is pulled for a sink without room. Its watcher falls behind, is told
 * so, and is ended when its sink takes nothing for long.
 */
import type { ReadOutcome } from '../cluster/kv-service.ts';
import type { ChangeBatch, ChangesAnswer } from '../kv/queries.ts';
import type { Revision, Scope } from '../kv/types.ts';
import { Audience } from './audience.ts';
import { CatchUp } from './catch-up.ts';
import type { WatchedNodes, WatchTime } from './nodes.ts';
import { RecentBatches } from './recent-batches.ts';
import type { RecentLimits } from './recent-batches.ts';
import { partWithin } from './scope.ts';
import { Tail } from './tail.ts';
import { Watcher } from './watcher.ts';
import type { WatchEnd, WatchEvent, WatchSink } from './watcher.ts';

/** Watches at a time, on all lines together. */
export const MAX_WATCHES = 2048;
/** A watch that had nothing to tell tells how far it is, ms. */
export const PROGRESS_EVERY_MS = 5000;
/** A sink that takes nothing for this long is given up, ms. */
export const SLOW_READER_AFTER_MS = 30_000;
/** A watcher is told that it lags when it has for this long, and then every {@link PROGRESS_EVERY_MS}, ms. */
export const LAGGING_AFTER_MS = 1000;
const SWEEP_EVERY_MS = 1000;
const RECENT: RecentLimits = { changes: 20_000, chars: 8 * 1024 * 1024 };

export interface WatchRequest {
  readonly scope: Scope;
  /** Null: from now on. */
  readonly after: Revision | null;
}

/** A watch as its sink sees it. */
export interface Watch {
  /** Everything after this is told. */
  readonly after: Revision;
  /** The reader took something. */
  took(): void;
  /** Nobody reads any more; nothing is sent from now on. */
  close(): void;
}

export type Opened =
  | { readonly ok: true; readonly watch: Watch }
  | { readonly ok: false; readonly code: 'TOO_MANY_WATCHES' | 'SHUTTING_DOWN' }
  | { readonly ok: false; readonly code: 'REVISION_NOT_YET'; readonly head: Revision }
  /** There was no linearizable read to begin with. */
  | {
      readonly ok: false;
      readonly code: 'NO_HEAD';
      readonly failed: Extract<ReadOutcome, { ok: false }>;
    };

/** What the tail has brought. */
interface Stream {
  readonly tail: Tail;
  readonly recent: RecentBatches;
}

export class WatchHub {
  private readonly nodes: WatchedNodes;
  private readonly time: WatchTime;
  private readonly recentLimits: RecentLimits;
  private readonly watchers = new Set<Watcher>();
  private readonly audience = new Audience();
  /** They have been told more than the tail has brought. */
  private readonly ahead = new Set<Watcher>();
  private readonly catchUp: CatchUp;
  /** Null while nobody watches. */
  private stream: Stream | null = null;
  /** Watches that are being opened. */
  private opening = 0;
  private endSweep: (() => void) | null = null;
  private closing = false;

  constructor(nodes: WatchedNodes, time: WatchTime, recentLimits = RECENT) {
    this.nodes = nodes;
    this.time = time;
    this.recentLimits = recentLimits;
    this.catchUp = new CatchUp(nodes, {
      onPage: (watcher, page) => this.onCatchUp(watcher, page),
      onRefused: (watcher, error) => this.end(watcher, { code: 'REFUSED', error }),
    });
  }

  /** `attach` makes the sink, once the watch is accepted and before its first event. Answers within about `timeoutMs`. */
  async open(
    { scope, after }: WatchRequest,
    attach: (watch: Watch) => WatchSink,
    timeoutMs: number,
  ): Promise<Opened> {
    if (this.closing) return { ok: false, code: 'SHUTTING_DOWN' };
    if (this.count >= MAX_WATCHES) return { ok: false, code: 'TOO_MANY_WATCHES' };
    if (this.stream !== null && after !== null && after <= this.stream.recent.through)
      return this.begin(scope, after, attach);
    this.opening++;
    const head = await this.nodes.head(timeoutMs);
    this.opening--;
    if (this.closing) return { ok: false, code: 'SHUTTING_DOWN' };
    if (!head.ok) return { ok: false, code: 'NO_HEAD', failed: head };
    const { appliedRevision } = head;
    if (after !== null && after > appliedRevision)
      return { ok: false, code: 'REVISION_NOT_YET', head: appliedRevision };
    this.follow(appliedRevision);
    return this.begin(scope, after ?? appliedRevision, attach);
  }

  /** Watches that are open or being opened. */
  get count(): number {
    return this.watchers.size + this.opening;
  }

  /** To be called when the leader may have changed, or a node has come or gone. */
  nudge(): void {
    this.stream?.tail.nudge();
    this.catchUp.retry();
  }

  /** Ends every watch and takes no other. */
  close(): void {
    this.closing = true;
    for (const watcher of this.watchers) this.end(watcher, { code: 'SHUTTING_DOWN' });
  }

  // --- the stream ----------------------------------------------------------------

  /** From now on what happens after `from` is followed, unless it is already. */
  private follow(from: Revision): void {
    if (this.stream !== null) return;
    const stream: Stream = {
      recent: new RecentBatches(from, this.recentLimits),
      tail: new Tail(this.nodes, from, {
        onPage: (page) => this.onPage(stream, page),
        // Whoever is refused asks anew and gets an answer of its own.
        onRefused: (error) => {
          for (const watcher of this.watchers) this.end(watcher, { code: 'REFUSED', error });
        },
      }),
    };
    this.stream = stream;
    this.endSweep = this.time.every(SWEEP_EVERY_MS, () => this.sweep());
    stream.tail.nudge();
  }

  private onPage({ recent }: Stream, { batches, through }: ChangesAnswer): void {
    recent.append(batches, through);
    for (const batch of batches) {
      for (const [watcher, part] of this.audience.of(batch)) {
        // A mark may have taken the last room.
        const hadRoom = watcher.sink.hasRoom;
        if (hadRoom) this.tell(watcher, { type: 'changes', batch: part });
        if (!watcher.sink.hasRoom)
          this.leaveHead(watcher, hadRoom ? batch.revision : batch.revision - 1);
      }
    }
    for (const watcher of this.ahead) {
      if (watcher.through > through) continue;
      this.ahead.delete(watcher);
      this.advance(watcher);
    }
  }

  private leaveHead(watcher: Watcher, through: Revision): void {
    this.audience.delete(watcher);
    watcher.place = 'near';
    watcher.through = through;
    watcher.laggingMs ??= this.time.nowMs();
  }

  // --- one watcher -----------------------------------------------------------------

  private begin(scope: Scope, after: Revision, attach: (watch: Watch) => WatchSink): Opened {
    let watcher: Watcher | null = null;
    const watch: Watch = {
      after,
      took: () => {
        if (watcher !== null && !watcher.hasEnded) this.took(watcher);
      },
      close: () => {
        if (watcher !== null && !watcher.hasEnded) this.forget(watcher);
      },
    };
    watcher = new Watcher(scope, attach(watch), after, this.time.nowMs());
    this.watchers.add(watcher);
    this.tell(watcher, { type: 'progress', through: after });
    this.advance(watcher);
    return { ok: true, watch };
  }

  private took(watcher: Watcher): void {
    watcher.waitingMs = this.time.nowMs();
    this.advance(watcher);
  }

  /** Tells what comes next, from what is kept, as long as there is room; or sees to it that it is read. */
  private advance(watcher: Watcher): void {
    const recent = this.stream?.recent;
    if (recent === undefined || watcher.place !== 'near' || !watcher.sink.hasRoom) return;
    this.tellLag(watcher, recent.through);
    if (watcher.through < recent.floor) {
      this.catchUp.add(watcher);
      return;
    }
    for (const batch of recent.after(watcher.through)) {
      if (!watcher.sink.hasRoom) return;
      this.tellPart(watcher, batch);
    }
    if (watcher.through > recent.through) this.ahead.add(watcher);
    else if (watcher.sink.hasRoom) {
      watcher.place = 'head';
      watcher.laggingMs = null;
      this.audience.add(watcher);
    }
  }

  private onCatchUp(watcher: Watcher, { batches, through }: ChangesAnswer): void {
    for (const batch of batches) {
      // The rest is read again when there is room.
      if (!watcher.sink.hasRoom) {
        watcher.laggingMs ??= this.time.nowMs();
        return;
      }
      this.tellPart(watcher, batch);
    }
    watcher.through = through;
    this.advance(watcher);
  }

  private tellPart(watcher: Watcher, batch: ChangeBatch): void {
    const part = partWithin(batch, watcher.scope);
    watcher.through = batch.revision;
    if (part !== null) this.tell(watcher, { type: 'changes', batch: part });
  }

  private tellLag(watcher: Watcher, head: Revision): void {
    const nowMs = this.time.nowMs();
    const { laggingMs, lagToldMs, through } = watcher;
    if (laggingMs === null || through >= head) return;
    if (nowMs < laggingMs + LAGGING_AFTER_MS || nowMs < lagToldMs + PROGRESS_EVERY_MS) return;
    watcher.lagToldMs = nowMs;
    this.tell(watcher, { type: 'lagging', through, head });
  }

  private tell(watcher: Watcher, event: WatchEvent): void {
    watcher.send(event, this.time.nowMs());
  }

  private end(watcher: Watcher, end: WatchEnd): void {
    const through = this.toldTo(watcher);
    this.forget(watcher);
    this.tell(watcher, { type: 'end', end, through });
  }

  private forget(watcher: Watcher): void {
    watcher.hasEnded = true;
    this.watchers.delete(watcher);
    this.ahead.delete(watcher);
    this.audience.delete(watcher);
    if (this.watchers.size > 0) return;
    this.stream?.tail.end();
    this.stream = null;
    this.endSweep?.();
    this.endSweep = null;
  }

  private toldTo({ place, through }: Watcher): Revision {
    return place === 'head' ? (this.stream?.recent.through ?? through) : through;
  }

  private sweep(): void {
    const nowMs = this.time.nowMs();
    for (const watcher of this.watchers) {
      const { sink, waitingMs, sentMs } = watcher;
      if (!sink.isIdle && nowMs >= waitingMs + SLOW_READER_AFTER_MS)
        this.end(watcher, { code: 'SLOW_READER' });
      else if (sink.hasRoom && nowMs >= sentMs + PROGRESS_EVERY_MS)
        this.tell(watcher, { type: 'progress', through: this.toldTo(watcher) });
    }
    this.nudge();
  }
}
