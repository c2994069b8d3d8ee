/**
 * The values of some thousand versions, in two states: as they came, while more
 * may come; and sealed, as bytes, from which a value is made when it is asked for.
 */
import { textBytes, TextReader } from '../base/text-bytes.ts';
import type { Value } from './types.ts';
import { roomOf, textOf } from './value.ts';

/** What a value is: none in a tombstone, text, or a list as JSON. */
const TEXT = 1;
const LIST = 2;
/** Added to these: two bytes a unit. */
const WIDE = 4;

export class OpenValues {
  private readonly values: (Value | null)[] = [];
  /** UTF-16 units of all, about: of lists as JSON. */
  chars = 0;

  add(value: Value | null): void {
    this.values.push(value);
    if (value !== null) this.chars += roomOf(value);
  }

  isTombstone(row: number): boolean {
    return this.values[row] === null;
  }

  value(row: number): Value | null {
    return this.values[row] ?? null;
  }

  seal(): SealedValues {
    const { bytes, ends, areWide } = textBytes(
      this.values.map((value) => (value === null ? '' : textOf(value))),
    );
    const kinds = Uint8Array.from(this.values, (value, row) => {
      if (value === null) return 0;
      return (typeof value === 'string' ? TEXT : LIST) | (areWide[row] === true ? WIDE : 0);
    });
    return new SealedValues(kinds, ends, bytes);
  }

  filter(keeps: (row: number) => boolean): OpenValues {
    const kept = new OpenValues();
    for (const [row, value] of this.values.entries()) if (keeps(row)) kept.add(value);
    return kept;
  }
}

export class SealedValues {
  readonly kinds: Uint8Array;
  /** Where each text ends; it begins where the one before ends. */
  readonly ends: Uint32Array;
  private readonly texts: TextReader;

  /** Shares what it is given. */
  constructor(kinds: Uint8Array, ends: Uint32Array, texts: Uint8Array) {
    this.kinds = kinds;
    this.ends = ends;
    this.texts = new TextReader(texts);
  }

  get bytes(): Uint8Array {
    return this.texts.bytes;
  }

  isTombstone(row: number): boolean {
    return this.kinds[row] === 0;
  }

  value(row: number): Value | null {
    const kind = this.kinds[row] as number;
    if (kind === 0) return null;
    const isWide = (kind & WIDE) !== 0;
    const text = this.texts.read(this.start(row), this.ends[row] as number, isWide);
    return (kind & LIST) === 0 ? text : (JSON.parse(text) as readonly string[]);
  }

  filter(keeps: (row: number) => boolean): SealedValues {
    const ends: number[] = [];
    let end = 0;
    for (let row = 0; row < this.kinds.length; row++) {
      if (!keeps(row)) continue;
      end += (this.ends[row] as number) - this.start(row);
      ends.push(end);
    }
    const texts = new Uint8Array(end);
    let at = 0;
    for (let row = 0; row < this.kinds.length; row++) {
      if (!keeps(row)) continue;
      const text = this.bytes.subarray(this.start(row), this.ends[row]);
      texts.set(text, at);
      at += text.length;
    }
    const kinds = this.kinds.filter((_, row) => keeps(row));
    return new SealedValues(kinds, Uint32Array.from(ends), texts);
  }

  private start(row: number): number {
    return row === 0 ? 0 : (this.ends[row - 1] as number);
  }
}
