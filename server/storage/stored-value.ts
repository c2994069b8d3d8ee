/** Values as they stand in a column of text: a list as JSON, told by a mark in the next column. */
import type { Value } from '../kv/types.ts';
import { textOf as asText } from '../kv/value.ts';

export function textOf(value: Value | null): string | null {
  return value === null ? null : asText(value);
}

/** 1 for a list, 0 for text and for none. */
export function listMark(value: Value | null): 0 | 1 {
  return value === null || typeof value === 'string' ? 0 : 1;
}

/** What the columns hold. Throws SyntaxError for a list that is not JSON: a damaged row. */
export function valueOf(text: string | null, mark: number): Value | null {
  return text === null || mark === 0 ? text : (JSON.parse(text) as readonly string[]);
}
