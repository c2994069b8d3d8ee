/**
 * A hash of everything that happened in a run, in order: equal seeds, equal
 * hashes. 64 bits; of an event it takes every value, without making text of
 * numbers. A text is read once: most are names that come again and again.
 */
import { RollingHash } from '../server/kv/hash.ts';

/** Texts kept, at most; one that finds no room is read each time. */
const MOST_TEXTS = 10_000;

export class TraceHash {
  private readonly hash = RollingHash.empty();
  private readonly texts = new Map<string, RollingHash>();
  events = 0;

  /** `what` happened at virtual `atMs`, with the values of `details`. */
  add(what: string, atMs: number, details: object): void {
    this.events++;
    this.text(what);
    this.number(atMs);
    // The names are remembered with the object's shape; its values alone would be looked up anew each time.
    const names = Object.keys(details);
    this.hash.number(names.length);
    for (const name of names) {
      const value = (details as Readonly<Record<string, unknown>>)[name];
      if (typeof value === 'number') this.number(value);
      else this.text(typeof value === 'string' ? value : JSON.stringify(value));
    }
  }

  get hex(): string {
    return this.hash.hex;
  }

  private text(text: string): void {
    let hash = this.texts.get(text);
    if (hash === undefined) {
      hash = RollingHash.empty();
      hash.text(text);
      if (this.texts.size < MOST_TEXTS) this.texts.set(text, hash);
    }
    this.hash.include(hash);
  }

  /** Fractions count too, to 32 bits. */
  private number(value: number): void {
    const whole = Math.floor(value);
    this.hash.number(whole);
    this.hash.number((value - whole) * 2 ** 32);
  }
}
