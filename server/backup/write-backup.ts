/**
 * A backup as text, page by page: the next page is asked for when the one before
 * it has been taken, so that no more than one is held however large it all is.
 */
import type { BackupHeader } from '../../contracts/backup.ts';
import type { QueryAnswer } from '../kv/queries.ts';
import type { VersionAddress } from '../kv/types.ts';
import { BackupSums, headerLine, versionLine } from './backup-lines.ts';

export type VersionsPage = Extract<QueryAnswer, { type: 'versions' }>;

/**
 * `first` is the first page, of the header's view; `pageFrom` gives those that
 * follow. When that fails, so does this, and what was given has no last line.
 */
export async function* backupText(
  header: BackupHeader,
  first: VersionsPage,
  pageFrom: (start: VersionAddress) => Promise<VersionsPage>,
): AsyncGenerator<string> {
  const sums = new BackupSums();
  let text = headerLine(header);
  let page = first;
  for (;;) {
    for (const version of page.versions) text += versionLine(version);
    sums.add(text);
    // A page may be empty and not the last.
    if (page.versions.length > 0) text += sums.endChunk(page.versions.length);
    yield text;
    text = '';
    if (page.next === null) break;
    page = await pageFrom(page.next);
  }
  yield sums.end();
}
