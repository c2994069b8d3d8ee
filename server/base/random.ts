/**
 * A seeded random number generator with plain, serialisable state (sfc32, by
 * Chris Doty-Humphrey, public domain algorithm). Everything that draws lots in
 * the core or in the simulator draws from one of these, so that a run is
 * repeated exactly from its seed.
 */
import { assert } from './assert.ts';

/** The whole state: four unsigned 32-bit words. */
export interface RandomState {
  a: number;
  b: number;
  c: number;
  d: number;
}

export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  private constructor(state: RandomState) {
    this.a = state.a | 0;
    this.b = state.b | 0;
    this.c = state.c | 0;
    this.d = state.d | 0;
  }

  /** A generator from a seed: any integer; the same seed gives the same stream. */
  static fromSeed(seed: number): Random {
    assert(Number.isSafeInteger(seed), 'a seed is a safe integer');
    const random = new Random({ a: seed, b: Math.floor(seed / 2 ** 32), c: 0x9e3779b9, d: 1 });
    for (let i = 0; i < 15; i++) random.nextUint32();
    return random;
  }

  static fromState(state: RandomState): Random {
    return new Random(state);
  }

  state(): RandomState {
    return { a: this.a, b: this.b, c: this.c, d: this.d };
  }

  /** Uniform in [0, 2^32). */
  nextUint32(): number {
    const t = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + t) | 0;
    return t >>> 0;
  }

  /** Uniform in [0, 1). */
  nextFloat(): number {
    return this.nextUint32() / 2 ** 32;
  }

  /** Uniform integer in [low, high], both ends included. */
  nextInt(low: number, high: number): number {
    assert(Number.isSafeInteger(low) && Number.isSafeInteger(high), 'bounds are integers');
    assert(low <= high, 'low <= high');
    return low + Math.floor(this.nextFloat() * (high - low + 1));
  }

  /** True with the given probability, in [0, 1]. */
  chance(probability: number): boolean {
    return this.nextFloat() < probability;
  }

  /** One element of a non-empty list. */
  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'pick needs an element');
    return items[this.nextInt(0, items.length - 1)] as T;
  }

  /** A new generator whose stream does not overlap with what this one draws next. */
  fork(): Random {
    return Random.fromSeed(this.nextUint32() * 2 ** 20 + (this.nextUint32() >>> 12));
  }
}
