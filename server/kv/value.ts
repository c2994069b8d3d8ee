/** Values: text, or lists of texts; null stands for none. */
import type { Value } from './types.ts';

export function isSameValue(a: Value | null, b: Value | null): boolean {
  if (a === null || b === null || typeof a === 'string' || typeof b === 'string') return a === b;
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** As text: a list as JSON. */
export function textOf(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Quotes and a comma: a list may be long without any text. */
const ITEM_CHARS = 3;

/** UTF-16 units that it takes as text, or nearly. */
export function roomOf(value: Value): number {
  return charsOf(value) + (typeof value === 'string' ? 0 : value.length * ITEM_CHARS);
}

/** UTF-16 units of all its text. */
export function charsOf(value: Value): number {
  if (typeof value === 'string') return value.length;
  let chars = 0;
  for (const item of value) chars += item.length;
  return chars;
}
