/**
 * Group commit: log writes that wait for the disk become one. The result does
 * to the stored log exactly what the writes would have done one after another.
 */
import type { Entry, HardState, LogBase, LogIndex } from '../raft/types.ts';
import type { LogWrite } from '../ports/node-storage.ts';

export function mergeWrites(writes: readonly LogWrite[]): LogWrite {
  const only = writes[0];
  if (writes.length === 1 && only !== undefined) return only;
  let base: LogBase | null = null;
  let hardState: HardState | null = null;
  let truncateFrom: LogIndex | null = null;
  const append: Entry[] = [];
  for (const write of writes) {
    if (write.truncateFrom !== null) {
      truncateFrom = Math.min(truncateFrom ?? write.truncateFrom, write.truncateFrom);
      while (
        append.length > 0 &&
        (append[append.length - 1] as Entry).index >= write.truncateFrom
      ) {
        append.pop();
      }
    }
    for (const entry of write.append) append.push(entry);
    hardState = write.hardState ?? hardState;
    base = write.base ?? base;
  }
  // A snapshot comes only first: see takeGroup.
  return { install: only?.install ?? null, hardState, truncateFrom, append, base };
}

/** How many writes from the head of `queue` go together: at least one, then as long as their data fits and none installs a snapshot. */
export function takeGroup(
  queue: readonly { readonly write: LogWrite }[],
  maxChars: number,
): number {
  let chars = 0;
  let count = 0;
  for (const { write } of queue) {
    for (const entry of write.append) chars += entry.data.length;
    if (count > 0 && (chars > maxChars || write.install !== null)) break;
    count++;
  }
  return count;
}

export function isEmptyWrite(write: LogWrite): boolean {
  const { hardState, truncateFrom, append, base, install } = write;
  return (
    hardState === null &&
    truncateFrom === null &&
    append.length === 0 &&
    base === null &&
    install === null
  );
}
