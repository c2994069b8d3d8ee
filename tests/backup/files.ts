/** Files of backups, whole and otherwise, in a folder of the test's own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { BackupHeader } from '../../contracts/backup.ts';
import { BackupSums } from '../../server/backup/backup-lines.ts';
import { readBackup } from '../../server/backup/read-backup.ts';
import type { Version } from '../../server/kv/types.ts';

export const HEADER: BackupHeader = {
  format: 'chronoraft-backup',
  version: 1,
  cluster: 'c',
  madeAt: '2026-01-01T00:00:00.000Z',
  prefix: null,
  at: 50,
  asOf: 9,
};

/** A file with these lines, in chunks, and with all its sums as they must be. */
export function fileOf(header: object, chunks: readonly (readonly object[])[]): string {
  const sums = new BackupSums();
  let text = '';
  const add = (line: object): void => {
    text += `${JSON.stringify(line)}\n`;
    sums.add(`${JSON.stringify(line)}\n`);
  };
  add(header);
  for (const chunk of chunks) {
    for (const line of chunk) add(line);
    text += sums.endChunk(chunk.length);
  }
  return text + sums.end();
}

/** The way of a file in this test; it goes with it. */
export function placed(content: string | Buffer): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-backup-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'backup.ndjson');
  writeFileSync(file, content);
  return file;
}

/** All that reading gives, chunk by chunk, and what it ends with. */
export async function read(file: string) {
  const chunks: (readonly Version[])[] = [];
  const reading = readBackup(file);
  for (;;) {
    const { value, done } = await reading.next();
    if (done === true) return { chunks, whole: value };
    chunks.push(value);
  }
}
