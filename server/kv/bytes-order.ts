/**
 * Order of names: by UTF-8 bytes (T13), which for well-formed text is the order
 * of code points. JavaScript's own `<` compares UTF-16 units and puts
 * astral characters before U+E000..U+FFFF.
 */
import type { Cell } from './types.ts';

/** Negative, zero or positive, as `a` comes before, is, or comes after `b`. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** By key, then field. */
export function compareCells(a: Cell, b: Cell): number {
  return compareBytes(a.key, b.key) || compareBytes(a.field, b.field);
}

/** Surrogates stand for code points above U+FFFF, so they rank above every other unit. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Position of the first element of sorted `names` that is not before `name`. */
export function lowerBound(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(names[middle] as string, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
