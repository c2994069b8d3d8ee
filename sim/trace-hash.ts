/**
 * A hash of everything that happened in a run, in order: equal seeds, equal
 * hashes. 64 bits; of an event it takes every value, without making text of numbers.
 */
import { RollingHash } from '../server/kv/hash.ts';

export class TraceHash {
  private readonly hash = RollingHash.empty();
  events = 0;

  /** `what` happened at virtual `atMs`, with these values. */
  add(what: string, atMs: number, values: readonly unknown[]): void {
    this.events++;
    this.hash.text(what);
    this.number(atMs);
    this.hash.number(values.length);
    for (const value of values) {
      if (typeof value === 'number') this.number(value);
      else this.hash.text(typeof value === 'string' ? value : JSON.stringify(value));
    }
  }

  get hex(): string {
    return this.hash.hex;
  }

  /** Fractions count too, to 32 bits. */
  private number(value: number): void {
    const whole = Math.floor(value);
    this.hash.number(whole);
    this.hash.number((value - whole) * 2 ** 32);
  }
}
