/**
 * The fields of a record at a moment, beside what they are now. Each view is the
 * first page of its fields, and what is beyond the end of a page is not known:
 * nothing is said of it, least of all that it was absent.
 */
import type { FieldView } from '../contracts/kv.ts';
import { compareBytes } from './bytes-order.ts';

/** First fields of a record, in byte order. */
export interface FieldsPage {
  readonly fields: readonly FieldView[];
  /** Null: these are all. */
  readonly next: string | null;
}

export interface RecordRow {
  readonly field: string;
  /** At the moment; null when absent. */
  readonly held: FieldView | null;
  /** Now, when that is another time; undefined when it is not, or not known. */
  readonly present: FieldView | null | undefined;
}

/** In byte order: the fields of the moment, and those of now too, so that what is yet to come is seen. */
export function recordRows(then: FieldsPage, present: FieldsPage | null): readonly RecordRow[] {
  if (present === null)
    return then.fields.map((view) => ({ field: view.field, held: view, present: undefined }));
  const past = new Map(then.fields.map((view) => [view.field, view]));
  const today = new Map(present.fields.map((view) => [view.field, view]));
  return fieldNames([...past.keys(), ...today.keys()])
    .filter((field) => isTold(then, field))
    .map((field) => ({
      field,
      held: past.get(field) ?? null,
      present: isTold(present, field) ? (today.get(field) ?? null) : undefined,
    }));
}

/** Each once, in byte order. */
export function fieldNames(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort(compareBytes);
}

/** Does the page tell of this field, be it that it is absent? */
function isTold({ fields, next }: FieldsPage, field: string): boolean {
  const last = fields.at(-1)?.field;
  return next === null || (last !== undefined && compareBytes(field, last) <= 0);
}
