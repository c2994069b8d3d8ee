/** The text of a backup: its lines and sums, and that it takes one page at a time. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { BackupHeader } from '../../contracts/backup.ts';
import { backupText } from '../../server/backup/write-backup.ts';
import type { VersionsPage } from '../../server/backup/write-backup.ts';
import type { Version, VersionAddress } from '../../server/kv/types.ts';
import { HEADER } from './files.ts';

function version(field: string, value: Version['value']): Version {
  const place = { timestamp: 10, revision: 3, op: 0, stamp: 10_000 };
  return { key: 'a', field, ...place, value, expiresAt: value === 'x' ? 20 : null };
}

function page(versions: readonly Version[], next: Version | null): VersionsPage {
  return { type: 'versions', at: 50, asOf: 9, versions, next };
}

function sumOf(lines: readonly string[]): string {
  return createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex');
}

test('[H18] a backup is lines of JSON: a header, versions, a sum for each chunk and one for all', async () => {
  const pages = new Map([
    ['b', page([], version('c', ''))],
    ['c', page([version('c', null)], null)],
  ]);
  let text = '';
  for await (const piece of backupText(
    HEADER,
    page([version('a', 'x'), version('b', ['p', 'é\n'])], version('b', '')),
    ({ field }) => Promise.resolve(must(pages.get(field), `page from ${field}`)),
  ))
    text += piece;
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  expect(BackupHeader.parse(JSON.parse(lines[0] ?? ''))).toEqual(HEADER);
  expect(lines.slice(1).map((line) => JSON.parse(line) as unknown)).toEqual([
    ['a', 'a', 10, 3, 0, 'x', 20, 10_000],
    ['a', 'b', 10, 3, 0, ['p', 'é\n'], null, 10_000],
    { chunk: 1, versions: 2, sha256: sumOf(lines.slice(0, 3)) },
    ['a', 'c', 10, 3, 0, null, null, 10_000],
    { chunk: 2, versions: 1, sha256: sumOf(lines.slice(4, 5)) },
    { end: true, chunks: 2, versions: 3, sha256: sumOf(lines.slice(0, 6)) },
  ]);
});

test('[H18] a page is asked for when the one before it is taken, and a failure leaves no last line', async () => {
  const asked: VersionAddress[] = [];
  const text = backupText(HEADER, page([version('a', 'x')], version('b', '')), (start) => {
    asked.push(start);
    return asked.length < 3
      ? Promise.resolve(page([version('b', 'y')], version('b', '')))
      : Promise.reject(new Error('no page'));
  });
  for (let pieces = 0; pieces < 3; pieces++) {
    const { value } = await text.next();
    expect(value).toContain('"chunk"');
    expect(asked).toHaveLength(pieces);
  }
  await expect(text.next()).rejects.toThrow('no page');
  expect(await text.next()).toEqual({ value: undefined, done: true });
});
