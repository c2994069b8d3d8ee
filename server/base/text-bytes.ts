/**
 * Texts as bytes, one after the other: what is stored once and seldom read costs
 * the collector nothing. ASCII takes a byte a unit, all else two, so that any
 * text comes back unit for unit, well formed or not.
 */
import { assert } from './assert.ts';

/** Bytes of many texts; where each ends, and whether it takes two bytes a unit. */
export interface TextBytes {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  readonly areWide: readonly boolean[];
}

/** What is used of the platform's bytes: the core sees no module of it. */
interface PlatformBytes extends Uint8Array {
  write(text: string, offset: number, encoding: Encoding): number;
  toString(encoding?: Encoding, start?: number, end?: number): string;
}

declare const Buffer: {
  allocUnsafeSlow(bytes: number): PlatformBytes;
  byteLength(text: string, encoding: 'utf8'): number;
  from(bytes: ArrayBufferLike, offset: number, length: number): PlatformBytes;
};

type Encoding = 'latin1' | 'utf16le';

export function textBytes(texts: readonly string[]): TextBytes {
  const areWide = texts.map((text) => Buffer.byteLength(text, 'utf8') !== text.length);
  const ends = new Uint32Array(texts.length);
  let end = 0;
  for (const [i, text] of texts.entries()) {
    end += areWide[i] === true ? 2 * text.length : text.length;
    ends[i] = end;
  }
  const bytes = Buffer.allocUnsafeSlow(end);
  let at = 0;
  for (const [i, text] of texts.entries())
    at += bytes.write(text, at, areWide[i] === true ? 'utf16le' : 'latin1');
  assert(at === end, 'texts are written whole');
  return { bytes, ends, areWide };
}

/** Reads texts where they stand in `bytes`, which it shares. */
export class TextReader {
  readonly bytes: Uint8Array;
  private readonly shared: PlatformBytes;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.shared = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  read(start: number, end: number, isWide: boolean): string {
    return this.shared.toString(isWide ? 'utf16le' : 'latin1', start, end);
  }
}
