/**
 * A rolling hash of everything the store was told, 64 bits as two halves. Two
 * nodes that applied the same entries have the same hash; it finds divergence,
 * it is no defence against forgery. Each half is MurmurHash3's mixing step
 * with a seed of its own.
 */

export class RollingHash {
  private high: number;
  private low: number;

  private constructor(high: number, low: number) {
    this.high = high;
    this.low = low;
  }

  static empty(): RollingHash {
    return new RollingHash(0x9e3779b9 | 0, 0x85ebca6b | 0);
  }

  /** From 16 hex digits, as `hex` gives them. */
  static fromHex(hex: string): RollingHash {
    return new RollingHash(
      Number.parseInt(hex.slice(0, 8), 16) | 0,
      Number.parseInt(hex.slice(8, 16), 16) | 0,
    );
  }

  number(value: number): void {
    this.word(value | 0);
    this.word(Math.floor(value / 2 ** 32) | 0);
  }

  text(value: string): void {
    this.word(value.length);
    let i = 0;
    for (; i + 1 < value.length; i += 2) {
      this.word(value.charCodeAt(i) | (value.charCodeAt(i + 1) << 16));
    }
    if (i < value.length) this.word(value.charCodeAt(i));
  }

  /** All that the other hash was told, as two words. */
  include(other: RollingHash): void {
    this.word(other.high);
    this.word(other.low);
  }

  get hex(): string {
    return hexOf(this.high, this.low);
  }

  /** 53 of the 64 bits. */
  get safeInteger(): number {
    return (this.high & 0x1fffff) * 2 ** 32 + (this.low >>> 0);
  }

  /** What the hash is now, to be put into words later, if at all: {@link hexOf}. */
  get halves(): readonly [high: number, low: number] {
    return [this.high, this.low];
  }

  private word(word: number): void {
    this.high = mix(this.high, word, 0xcc9e2d51, 0x1b873593);
    this.low = mix(this.low, word ^ this.high, 0x239b961b, 0xab0e9789);
  }
}

/** 16 hex digits. */
export function hexOf(high: number, low: number): string {
  return hexOfHalf(high) + hexOfHalf(low);
}

function hexOfHalf(half: number): string {
  const upper = (BYTES_HEX[half >>> 24] as string) + (BYTES_HEX[(half >>> 16) & 255] as string);
  return upper + (BYTES_HEX[(half >>> 8) & 255] as string) + (BYTES_HEX[half & 255] as string);
}

/** Two hex digits of each byte: every write makes a hash into text. */
const BYTES_HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function mix(state: number, word: number, first: number, second: number): number {
  let k = Math.imul(word, first);
  k = (k << 15) | (k >>> 17);
  k = Math.imul(k, second);
  let h = state ^ k;
  h = (h << 13) | (h >>> 19);
  return (Math.imul(h, 5) + 0xe6546b64) | 0;
}
