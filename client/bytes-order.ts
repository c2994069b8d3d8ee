/**
 * Order of names, as the store has it: by UTF-8 bytes, which for well-formed
 * text is the order of code points. JavaScript's own `<` and `sort` compare
 * UTF-16 units and put astral characters before U+E000..U+FFFF.
 */

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

/** Surrogates stand for code points above U+FFFF, so they rank above every other unit. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
