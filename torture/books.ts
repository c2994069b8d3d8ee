/**
 * What clients were told, kept by epochs. Keys of an epoch are used in it alone, so once
 * nothing of one can change any more it is judged whole and forgotten: a run may go on for
 * hours. Of the deletions that end an epoch's keys each watch must tell once, too.
 */
import type { KeyVerdict } from '../contracts/chaos.ts';
import { must } from '../server/base/assert.ts';
import { judge } from '../server/lab/judge.ts';
import { checkCertificate, checkLooks, checkWatch } from './certificate.ts';
import type { Kept } from './certificate.ts';
import { epochOf, nowMs } from './events.ts';
import type { FromClient, Looked, Seen, Told } from './events.ts';

export interface Counts {
  epochs: number;
  acknowledged: number;
  failed: number;
  unknown: number;
  reads: number;
  /** Reads of the past. */
  looks: number;
  keys: number;
  linearizable: number;
  /** Changes that each watch told of. */
  watched: number;
}

/** An epoch of which nothing is open any more. */
export interface Closed {
  readonly epoch: number;
  /** By the clock of `nowMs`. */
  readonly sinceMs: number;
}

interface Epoch {
  readonly told: Told[];
  readonly looks: Looked[];
  /** Of each watch. */
  readonly seen: Map<string, Seen[]>;
  closedMs: number | null;
}

interface Watched {
  last: number;
  /** Revisions of deletions, by key. */
  readonly gone: Map<string, number>;
}

export class Books {
  readonly complaints: string[] = [];
  readonly counts: Counts = {
    epochs: 0,
    acknowledged: 0,
    failed: 0,
    unknown: 0,
    reads: 0,
    looks: 0,
    keys: 0,
    linearizable: 0,
    watched: 0,
  };
  private readonly epochs = new Map<number, Epoch>();
  private readonly closedBy = new Map<string, number>();
  private readonly watches = new Map<string, Watched>();
  /** By key; null where it is not known at which revision. */
  private readonly deleted = new Map<string, number | null>();
  private judgedTo = -1;
  private before: readonly Told[] = [];

  /** `clients`: the names of all that tell, each with a watch. */
  constructor(clients: readonly string[]) {
    for (const name of clients) {
      this.closedBy.set(name, -1);
      this.watches.set(name, { last: 0, gone: new Map() });
    }
  }

  note(client: string, message: FromClient): void {
    switch (message.type) {
      case 'told':
        this.epochFor(message.told.key).told.push(message.told);
        return;
      case 'looked':
        this.epochFor(message.looked.key).looks.push(message.looked);
        return;
      case 'lost': {
        const { client: who, key, revision } = message.lost;
        this.complaints.push(`${who} past ${key}: revision ${revision}, once told, is lost`);
        return;
      }
      case 'broken':
        this.complaints.push(`${client} was told what cannot be: ${message.error}`);
        return;
      case 'seen':
        for (const seen of message.seen) this.noteSeen(client, seen);
        return;
      case 'closed':
        this.closedBy.set(client, message.epoch);
        this.close(Math.min(...this.closedBy.values()));
        return;
      case 'resting':
      case 'done':
        return;
    }
  }

  private noteSeen(client: string, seen: Seen): void {
    const watch = must(this.watches.get(client), 'it was named at the beginning');
    if (seen.revision < watch.last)
      this.complaints.push(`the watch of ${client}: ${seen.revision} was told after ${watch.last}`);
    watch.last = seen.revision;
    if (seen.value === null) {
      if (watch.gone.has(seen.key))
        this.complaints.push(`the watch of ${client}: told twice that ${seen.key} was deleted`);
      watch.gone.set(seen.key, seen.revision);
      return;
    }
    const { seen: byWatch } = this.epochFor(seen.key);
    const list = byWatch.get(client) ?? [];
    byWatch.set(client, list);
    list.push(seen);
  }

  private epochFor(key: string): Epoch {
    const number = epochOf(key);
    if (number <= this.judgedTo)
      this.complaints.push(`${key}: something was told of it after its epoch was judged`);
    const epoch = this.epochs.get(number) ?? {
      told: [],
      looks: [],
      seen: new Map(),
      closedMs: null,
    };
    this.epochs.set(number, epoch);
    return epoch;
  }

  private close(upTo: number): void {
    for (const [number, epoch] of this.epochs) if (number <= upTo) epoch.closedMs ??= nowMs();
  }

  /** The oldest epoch that is not judged yet, if every client has closed it. */
  get closed(): Closed | null {
    if (this.epochs.size === 0) return null;
    const epoch = Math.min(...this.epochs.keys());
    const sinceMs = this.epochs.get(epoch)?.closedMs ?? null;
    return sinceMs === null ? null : { epoch, sinceMs };
  }

  /** How far every watch has come. */
  get watchedTo(): number {
    return Math.min(...[...this.watches.values()].map(({ last }) => last));
  }

  /**
   * Judges the oldest epoch against `kept`, every version that its keys have, and forgets it;
   * what was told in it.
   */
  judge(number: number, kept: ReadonlyMap<string, readonly Kept[]>): readonly Told[] {
    const epoch = must(this.epochs.get(number), 'it is one of those that are closed');
    const { told, looks } = epoch;
    told.sort((a, b) => a.callMs - b.callMs);
    const keys: readonly KeyVerdict[] = [...judge(told, [...kept.keys()])];
    this.complaints.push(...checkCertificate(told, kept, this.before), ...checkLooks(looks, kept));
    for (const name of this.watches.keys())
      this.complaints.push(...checkWatch(`the watch of ${name}`, epoch.seen.get(name) ?? [], kept));
    for (const { key, verdict } of keys)
      if (verdict !== 'linearizable') this.complaints.push(`${key}: ${verdict}`);
    this.count(epoch, keys);
    this.epochs.delete(number);
    this.judgedTo = number;
    this.before = told;
    return told;
  }

  private count({ told, looks, seen }: Epoch, keys: readonly KeyVerdict[]): void {
    const { counts } = this;
    counts.epochs++;
    counts.looks += looks.length;
    counts.keys += keys.length;
    counts.linearizable += keys.filter(({ verdict }) => verdict === 'linearizable').length;
    counts.watched += Math.min(
      ...[...this.watches.keys()].map((name) => seen.get(name)?.length ?? 0),
    );
    for (const { op, outcome } of told) {
      if (op === 'read') counts.reads++;
      else if (outcome === 'ok') counts.acknowledged++;
      else counts[outcome]++;
    }
  }

  /** The keys of a judged epoch were deleted, at these revisions; null where that is not known. */
  noteDeleted(deleted: ReadonlyMap<string, number | null>): void {
    for (const [key, revision] of deleted) this.deleted.set(key, revision);
  }

  /** Every watch has told everything: no deletion is missing, and none invented. */
  finish(): void {
    for (const number of this.epochs.keys())
      this.complaints.push(`epoch ${number} was never closed, so that it could not be judged`);
    for (const [name, { gone }] of this.watches) {
      for (const [key, revision] of this.deleted) {
        const seen = gone.get(key);
        if (seen === undefined || (revision !== null && seen !== revision))
          this.complaints.push(
            `the watch of ${name}: ${key} was deleted at ${revision}, told was ${seen ?? 'nothing'}`,
          );
      }
      for (const key of gone.keys())
        if (!this.deleted.has(key))
          this.complaints.push(`the watch of ${name}: nobody deleted ${key}`);
    }
  }
}
