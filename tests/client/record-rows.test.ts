/** The fields of a record at a moment, beside what they are now. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes } from '../../client/bytes-order.ts';
import { fieldNames, recordRows } from '../../client/record-rows.ts';
import type { FieldsPage } from '../../client/record-rows.ts';

function page(fields: readonly string[], next: string | null = null): FieldsPage {
  return {
    fields: fields.map((field) => ({
      field,
      value: field,
      version: { timestamp: 1, revision: 1 },
    })),
    next,
  };
}

/** As "field: at the moment / now", with ? for what is not known. */
function rows(then: FieldsPage, present: FieldsPage | null): readonly string[] {
  const word = (view: { readonly value: unknown } | null | undefined): string =>
    view === undefined ? '?' : view === null ? '-' : '+';
  return recordRows(then, present).map(
    (row) => `${row.field}: ${word(row.held)} / ${word(row.present)}`,
  );
}

describe('the rows of a record', () => {
  test('[U56] names are in the order of their UTF-8 bytes', () => {
    expect(fieldNames(['\u{1f600}', '\uffe5', 'b', 'a', 'b'])).toEqual([
      'a',
      'b',
      '\uffe5',
      '\u{1f600}',
    ]);
    const name = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(name, name, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareBytes(a, b))).toBe(bytes);
      }),
    );
  });

  test('[U56] fields of the moment and of now stand side by side, in that order', () => {
    expect(rows(page(['b', '\u{1f600}']), page(['\uffe5', 'b']))).toEqual([
      'b: + / +',
      '\uffe5: - / +',
      '\u{1f600}: + / -',
    ]);
    expect(rows(page(['a', 'b']), null)).toEqual(['a: + / ?', 'b: + / ?']);
  });

  test('[U56] what is beyond the end of a page is not said to be absent', () => {
    expect(rows(page(['a', 'c'], 'd'), page(['b', 'c', 'd']))).toEqual([
      'a: + / -',
      'b: - / +',
      'c: + / +',
    ]);
    expect(rows(page(['a', 'c']), page(['a'], 'b'))).toEqual(['a: + / +', 'c: + / ?']);
    expect(rows(page([], 'a'), page(['a']))).toEqual([]);
  });
});
