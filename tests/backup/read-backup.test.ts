/** A file that is not a whole backup is refused, whatever is wrong with it, and where is told. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BackupFileError } from '../../server/backup/read-backup.ts';
import { fileOf, HEADER, placed, read } from './files.ts';

/** Three chunks. */
const ROWS = [
  [
    ['a', 'x', 10, 3, 0, 'é', 20, 3000],
    ['a', 'x', 10, 3, 1, null, null, 3000],
  ],
  [
    ['a', 'x', 30, 2, 0, 'late', null, 2000],
    ['b', '😀', 10, 9, 0, ['p', ''], null, 9000],
  ],
  [['c', 'x', 0, 1, 0, '', null, 1000]],
] as const;
const GOOD = fileOf(HEADER, ROWS);
const LINES = GOOD.split('\n').slice(0, -1);

/** The message, or null when nothing is wrong. */
async function complaint(file: string): Promise<string | null> {
  try {
    await read(file);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(BackupFileError);
    return (error as Error).message;
  }
}

function joined(...lines: readonly (readonly string[])[]): string {
  return lines
    .flat()
    .map((line) => `${line}\n`)
    .join('');
}

const [head, first, second, third, end] = [
  LINES.slice(0, 1),
  LINES.slice(1, 4),
  LINES.slice(4, 7),
  LINES.slice(7, 9),
  LINES.slice(9),
];

describe('a whole file', () => {
  test('[H19] is read as it was written, chunk by chunk', async () => {
    const { chunks, whole } = await read(placed(GOOD));
    expect(whole).toEqual({ header: HEADER, versions: 5 });
    expect(
      chunks.map((chunk) =>
        chunk.map(({ key, field, timestamp, revision, op, value, expiresAt, stamp }) => [
          key,
          field,
          timestamp,
          revision,
          op,
          value,
          expiresAt,
          stamp,
        ]),
      ),
    ).toEqual(ROWS);
    const empty = await read(placed(fileOf({ ...HEADER, prefix: 'é', asOf: 0 }, [])));
    expect(empty).toMatchObject({ chunks: [], whole: { versions: 0 } });
  });

  test('[H19] is read whatever its size, a chunk at a time', async () => {
    const value = 'x'.repeat(1024 * 1024);
    const chunk = (i: number) => [
      ['a', `f${i}`, 1, 1, 0, value, null, 1000],
      ['a', `f${i}`, 1, 1, 1, '\u0001'.repeat(1024 * 1024), null, 1000],
    ];
    const file = placed(fileOf(HEADER, [chunk(1), chunk(2), chunk(3)]));
    expect((await read(file)).chunks.map(({ length }) => length)).toEqual([2, 2, 2]);
  });
});

describe('a damaged file', () => {
  test('[H19] is refused with any of its bits turned', async () => {
    const file = placed('');
    const bytes = Buffer.from(GOOD);
    for (let i = 0; i < bytes.length; i++) {
      const damaged = Buffer.from(bytes);
      damaged[i] = (damaged[i] ?? 0) ^ (1 << (i % 8));
      writeFileSync(file, damaged);
      expect(await complaint(file), `byte ${i}`).not.toBeNull();
    }
  });

  test('[H19] is refused wherever it was cut', async () => {
    const file = placed('');
    const bytes = Buffer.from(GOOD);
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(file, bytes.subarray(0, length));
      expect(await complaint(file), `${length} bytes`).not.toBeNull();
    }
  });

  test.each([
    ['nothing', '', 'line 1: the file is empty'],
    ['no end', joined(head, first, second, third), 'line 10: is missing: the file is incomplete'],
    ['half a line', GOOD.slice(0, -1), 'line 10: is cut off'],
    ['no header', joined(first, second, third, end), 'line 1: is not the first line'],
    [
      'chunks swapped',
      joined(head, second, first, third, end),
      'line 4: chunk 2 stands where chunk 1',
    ],
    [
      'a chunk doubled',
      joined(head, first, first, second, third, end),
      'line 7: chunk 1 stands where chunk 2',
    ],
    ['a chunk missing', joined(head, first, third, end), 'line 6: chunk 3 stands where chunk 2'],
    ['the last chunk missing', joined(head, first, second, end), 'line 8: the file as a whole'],
    [
      'a mark missing',
      joined(head, first, second, third.slice(0, 1), end),
      'line 9: the mark of the last',
    ],
    [
      'a mark between missing',
      joined(head, first.slice(0, 2), second, third, end),
      'chunk 2 stands',
    ],
    [
      'a value changed',
      GOOD.replace('late', 'lame'),
      'line 7: chunk 2, which begins at line 5, is damaged',
    ],
    ['the header changed', GOOD.replace('"at":50', '"at":51'), 'chunk 1, which begins at line 2'],
    [
      'another end',
      joined(head, first, second, third, [end[0]?.replace('"versions":5', '"versions":6') ?? '']),
      'line 10: the file as a whole',
    ],
    ['more after its end', joined(LINES, third), 'line 11: the file goes on'],
    ['a doubled end', joined(LINES, end), 'line 11: the file goes on'],
    ['blank lines', GOOD.replace('\n', '\n\n'), 'line 2: is no version'],
    ['other line ends', GOOD.replaceAll('\n', '\r\n'), 'chunk 1'],
    ['a line without end', `${GOOD.slice(0, 200)}${'x'.repeat(9 * 1024 * 1024)}`, 'is too long'],
  ])('[H19] is refused, and where is told: %s', async (_what, text, message) => {
    expect(await complaint(placed(text))).toContain(message);
  });
});

describe('a file that says what no backup says', () => {
  const row = ['a', 'x', 10, 3, 0, 'v', null, 3000];
  const long = 'x'.repeat(1025);
  const mebibyte = 'x'.repeat(1024 * 1024);

  test.each<readonly [string, readonly unknown[], string]>([
    ['an empty key', ['', ...row.slice(1)], 'key is not'],
    ['a long field', ['a', long, ...row.slice(2)], 'field is not'],
    ['half a surrogate pair', ['a', '\ud800', ...row.slice(2)], 'field is not'],
    ['half a pair in a value', [...row.slice(0, 5), 'v\udc00', null, 1], 'value is not'],
    ['half a pair in a list', [...row.slice(0, 5), ['v\udc00'], null, 1], 'value is not'],
    ['a long value', [...row.slice(0, 5), `${mebibyte}x`, null, 1], 'value is not'],
    ['a large list', [...row.slice(0, 5), [mebibyte, 'x'], null, 1], 'value is not'],
    [
      'a long list',
      [...row.slice(0, 5), Array.from({ length: 10_001 }, () => ''), null, 1],
      'value is not',
    ],
    ['a number for a value', [...row.slice(0, 5), 1, null, 1], 'value is not'],
    [
      'a time beyond the calendar',
      ['a', 'x', 253_402_300_800_000, ...row.slice(3)],
      'timestamp is not',
    ],
    ['an expiry beyond it', [...row.slice(0, 6), 253_402_300_800_000, 1], 'expiresAt is not'],
    ['half a revision', ['a', 'x', 10, 0.5, ...row.slice(4)], 'revision is not'],
    [
      'a revision that was not known',
      ['a', 'x', 10, 10, ...row.slice(4)],
      'beyond that of the backup',
    ],
    ['no revision', ['a', 'x', 10, 0, ...row.slice(4)], 'beyond that of the backup'],
    ['a tombstone that expires', [...row.slice(0, 5), null, 20, 1], 'a tombstone does not expire'],
    ['an end before the beginning', [...row.slice(0, 6), 9, 1], 'expires before it begins'],
    ['too few places', row.slice(0, 7), 'its form'],
    ['another prefix', ['b', ...row.slice(1)], 'does not begin with the prefix'],
  ])('[H19] is refused though its sums are right: %s', async (_what, wrong, message) => {
    const text = fileOf({ ...HEADER, prefix: 'a' }, [[row.with(1, 'first')], [wrong]]);
    expect(await complaint(placed(text))).toMatch(/^line 4: /);
    expect(await complaint(placed(text))).toContain(message);
  });

  test.each<readonly [string, readonly unknown[], readonly unknown[]]>([
    ['keys', ['b', ...row.slice(1)], row],
    ['fields, by bytes', ['a', '😀', ...row.slice(2)], ['a', '～', ...row.slice(2)]],
    ['timestamps', ['a', 'x', 11, ...row.slice(3)], row],
    ['revisions', ['a', 'x', 10, 4, ...row.slice(4)], row],
    ['places in an entry', ['a', 'x', 10, 3, 1, ...row.slice(5)], row],
    ['the same twice', row, row],
  ])('[H19] is refused for its order: %s', async (_what, before, after) => {
    expect(await complaint(placed(fileOf(HEADER, [[after], [before]])))).toBe(
      before === after ? 'line 4: is not after the version before it' : null,
    );
    expect(await complaint(placed(fileOf(HEADER, [[before], [after]])))).toBe(
      'line 4: is not after the version before it',
    );
  });

  test('[H19] is refused for a chunk that is longer than any', async () => {
    const rows = Array.from({ length: 1001 }, (_, i) => ['a', 'x', i, ...row.slice(3)]);
    expect(await complaint(placed(fileOf(HEADER, [rows.slice(0, 1000)])))).toBeNull();
    expect(await complaint(placed(fileOf(HEADER, [rows])))).toBe(
      'line 1002: the chunk is too long',
    );
  });

  test.each([
    ['another format', { ...HEADER, format: 'tar' }],
    ['a later version', { ...HEADER, version: 2 }],
    ['a view that is none', { ...HEADER, at: -1 }],
    ['a prefix that is no text', { ...HEADER, prefix: '\ud800' }],
    ['more than is known', { ...HEADER, secret: true }],
  ])('[H19] is refused for its first line: %s', async (_what, header) => {
    expect(await complaint(placed(fileOf(header, [])))).toMatch(/^line 1: /);
  });
});
