/** Judges epochs one after the other as they close, and ends them: their keys are deleted. */
import { setTimeout as delay } from 'node:timers/promises';
import { CompactedError, OutcomeUnknownError, UnavailableError } from '../client/kv/index.ts';
import type { KvClient } from '../client/kv/index.ts';
import { must } from '../server/base/assert.ts';
import type { Books } from './books.ts';
import type { Kept } from './certificate.ts';
import { FIELD, keysOf, nowMs } from './events.ts';
import type { Told } from './events.ts';
import type { Signal } from './signal.ts';

export interface JudgingParts {
  readonly books: Books;
  readonly client: KvClient;
  /** Something was told. */
  readonly heard: Signal;
  readonly epochMs: number;
  /** After an epoch was closed: so long a write of which nobody learned the outcome may still be under way. */
  readonly graceMs: number;
  /** Null: nothing is forgotten. */
  readonly retentionMs: number | null;
  /** Is given what was told, as it is judged. */
  readonly record: (told: readonly Told[]) => void;
}

/** A watch that comes no further for so long stands still. */
const WATCH_WITHIN_MS = 60_000;
const TRIES = 5;
/** Of the time that things are kept: what is judged later may be judged by what is forgotten. */
const IN_TIME = 0.8;

export class Judging {
  readonly complaints: string[] = [];
  /** Places in the past that were rightly said to be forgotten. */
  forgotten = 0;
  private readonly parts: JudgingParts;
  /** One of each judged epoch, until retention should have reached it. */
  private readonly places: {
    readonly key: string;
    readonly revision: number;
    readonly judgedMs: number;
  }[] = [];

  constructor(parts: JudgingParts) {
    this.parts = parts;
  }

  async goOn(signal: AbortSignal): Promise<void> {
    const { books, heard } = this.parts;
    while (await heard.until(() => books.closed !== null, null, signal)) {
      const { epoch, sinceMs } = must(books.closed, 'it was waited for');
      const left = Math.max(0, sinceMs + this.parts.graceMs - nowMs());
      await delay(left, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.judge(epoch);
        await this.lookBehindHorizon();
      } catch (error) {
        // A server that is killed and struck may be out of reach for long; there is time.
        if (!(error instanceof UnavailableError)) throw error;
      }
    }
  }

  /** All that is closed. */
  async finish(): Promise<void> {
    const { books } = this.parts;
    for (let next = books.closed; next !== null; next = books.closed) await this.judge(next.epoch);
  }

  private async judge(epoch: number): Promise<void> {
    const { books, heard, record } = this.parts;
    const kept = await this.keptOf(keysOf(epoch));
    this.checkInTime(epoch);
    const last = Math.max(0, ...[...kept.values()].flat().map(({ revision }) => revision));
    if (!(await heard.until(() => books.watchedTo >= last, WATCH_WITHIN_MS)))
      this.complaints.push(`a watch stands still before ${last}`);
    record(books.judge(epoch, kept));
    const used = [...kept].filter(([, versions]) => versions.length > 0);
    for (const [key, [first]] of used.slice(0, 1))
      this.places.push({ key, revision: first?.revision ?? 0, judgedMs: nowMs() });
    const deleted = used.map(async ([key]) => [key, await this.delete(key)] as const);
    books.noteDeleted(new Map(await Promise.all(deleted)));
  }

  private checkInTime(epoch: number): void {
    const { epochMs, retentionMs } = this.parts;
    if (retentionMs === null) return;
    const ageMs = nowMs() - epoch * epochMs;
    if (ageMs > retentionMs * IN_TIME)
      this.complaints.push(`epoch ${epoch} was judged too late, ${ageMs.toFixed(0)} ms old`);
  }

  /** Every version that these keys have. */
  private async keptOf(keys: readonly string[]): Promise<ReadonlyMap<string, readonly Kept[]>> {
    const kept = new Map<string, readonly Kept[]>();
    for (const key of keys) {
      const versions: Kept[] = [];
      for await (const { revision, value } of this.parts.client.history(key, FIELD))
        versions.push({ revision, value: String(value) });
      kept.set(
        key,
        versions.sort((a, b) => a.revision - b.revision),
      );
    }
    return kept;
  }

  /** At which revision; null where only that it is gone is known. */
  private async delete(key: string): Promise<number | null> {
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        return (await this.parts.client.delete(key, FIELD)).revision ?? null;
      } catch (error) {
        if (!(error instanceof UnavailableError || error instanceof OutcomeUnknownError))
          throw error;
      }
    }
    this.complaints.push(`${key} could not be deleted`);
    return null;
  }

  /** What retention should have reached is said to be forgotten, not made up. */
  private async lookBehindHorizon(): Promise<void> {
    const { client, retentionMs } = this.parts;
    if (retentionMs === null) return;
    for (;;) {
      const [place] = this.places;
      if (place === undefined || nowMs() - place.judgedMs < 2 * retentionMs) return;
      try {
        await client.get(place.key, FIELD, { asOf: place.revision });
        this.complaints.push(`${place.key} can still be read as of ${place.revision}`);
      } catch (error) {
        if (!(error instanceof CompactedError)) throw error;
        this.forgotten++;
      }
      this.places.shift();
    }
  }
}
