/** What a chosen file says of itself before it is sent. */
import { expect, test } from 'vitest';
import { headerOf, sizeInWords } from '../../client/backup-file.ts';
import { fileOf, HEADER } from '../backup/files.ts';

test('[U54] the first line of a backup is read, however long its prefix is; another file is none', async () => {
  expect(await headerOf(new Blob([fileOf(HEADER, [])]))).toEqual(HEADER);
  const long = { ...HEADER, prefix: '\u0001'.repeat(1024) };
  expect(await headerOf(new Blob([fileOf(long, [])]))).toEqual(long);
  for (const text of [
    '',
    'hello',
    JSON.stringify(HEADER),
    `${JSON.stringify({ ...HEADER, version: 2 })}\n`,
    `\n${fileOf(HEADER, [])}`,
    'x'.repeat(1024 * 1024),
  ])
    expect(await headerOf(new Blob([text]))).toBeNull();
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 KB'],
  [99_949, '99.9 KB'],
  [99_950, '100 KB'],
  [999_499, '999 KB'],
  [999_500, '1.0 MB'],
  [31_110_237, '31.1 MB'],
  [5e15, '5000 TB'],
])('[U54] %i is told as %s', (bytes, words) => {
  expect(sizeInWords(bytes)).toBe(words);
});
