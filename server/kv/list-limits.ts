/** How large a list may be, and what is said of that which is too large (T20). */
import { MAX_LIST_BYTES, MAX_LIST_ITEMS } from './types.ts';
import type { KvError, Value } from './types.ts';
import { utf8Length } from './utf8.ts';
import { charsOf } from './value.ts';

export function listError(value: Value): KvError | null {
  if (typeof value === 'string') return null;
  if (value.length > MAX_LIST_ITEMS) return tooLarge('a list has', MAX_LIST_ITEMS, 'items');
  // A unit of UTF-16 is three bytes of UTF-8 at most.
  if (charsOf(value) * 3 <= MAX_LIST_BYTES) return null;
  const bytes = value.reduce((sum, item) => sum + utf8Length(item), 0);
  if (bytes <= MAX_LIST_BYTES) return null;
  return tooLarge('a list has', MAX_LIST_BYTES, 'bytes');
}

/** "`what` at most `limit` `of`". */
export function tooLarge(what: string, limit: number, of: string): KvError {
  return { code: 'TOO_LARGE', message: `${what} at most ${limit} ${of}`, limit };
}
