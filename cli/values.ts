/** Values and versions of the store as lines of a terminal. */
import type { GetAnswer, Value } from '../contracts/kv.ts';
import { inert, jsonText } from './text.ts';

/** On one line: a list as JSON, text as it is but for what a terminal would obey. */
export function shown(value: Value | readonly string[] | null): string {
  if (value === null) return '(absent)';
  return typeof value === 'string' ? inert(value) : jsonText(value);
}

/** As it is, for a pipe: an item of a list a line. */
export function plain(value: Value): string {
  return `${typeof value === 'string' ? value : value.join('\n')}\n`;
}

const WHY_ABSENT: Record<NonNullable<GetAnswer['absentBecause']>, string> = {
  never: 'was never written',
  'not-yet': 'is written, but only from a later time on',
  deleted: 'is deleted',
  expired: 'has expired',
};

export function absentWords({ key, field, absentBecause }: GetAnswer): string {
  const why = WHY_ABSENT[absentBecause ?? 'never'];
  return `${inert(key)} ${inert(field)} ${why} there`;
}
