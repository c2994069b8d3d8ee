/** How many writes are cut into requests: pure. */
import { InvalidRequestError } from './errors.ts';
import type { BatchWrite } from './requests.ts';
import type { Settled } from './write-run.ts';

/** The server takes 7 MiB of JSON; names of writes and what is around them have the rest. */
const MOST_BYTES = 6 * 1024 * 1024;
/** Of a UTF-16 unit in UTF-8. */
const MOST_BYTES_OF_UNIT = 3;

/**
 * Parts in the order of the writes, of at most so many each, and of what the server
 * takes. No two of a part touch the same field: an attempt that is repeated would
 * else come after its successor.
 */
export function batchesOf(
  writes: readonly BatchWrite[],
  most: number,
): readonly (readonly BatchWrite[])[] {
  const parts: BatchWrite[][] = [];
  let touched = new Touched();
  let bytes = 0;
  for (const write of writes) {
    const last = parts.at(-1);
    const writeBytes = JSON.stringify(write).length * MOST_BYTES_OF_UNIT;
    const isFull = last?.length === most || bytes + writeBytes > MOST_BYTES;
    if (last === undefined || isFull || touched.has(write)) {
      parts.push([write]);
      touched = new Touched();
      bytes = 0;
    } else last.push(write);
    touched.add(write);
    bytes += writeBytes;
  }
  return parts;
}

class Touched {
  private readonly records = new Set<string>();
  private readonly keys = new Set<string>();
  private readonly cells = new Set<string>();

  has(write: BatchWrite): boolean {
    if (this.records.has(write.key)) return true;
    return write.op === 'deleteRecord'
      ? this.keys.has(write.key)
      : this.cells.has(JSON.stringify([write.key, write.field]));
  }

  add(write: BatchWrite): void {
    this.keys.add(write.key);
    if (write.op === 'deleteRecord') this.records.add(write.key);
    else this.cells.add(JSON.stringify([write.key, write.field]));
  }
}

const PLACE = /^body\.writes\.(\d+)/;

/** The server counts in its request: the path of an error is made one of the whole batch. */
export function withPlaceFrom<A>(result: Settled<A>, from: number): Settled<A> {
  if (from === 0 || result.ok || !(result.error instanceof InvalidRequestError)) return result;
  const { path, limit, code, message, retryable, requestId } = result.error;
  if (path === null) return result;
  const moved = (text: string): string =>
    text.replace(PLACE, (_, place) => `body.writes.${Number(place) + from}`);
  const details = { code, message: moved(message), retryable, requestId };
  return { ok: false, error: new InvalidRequestError(details, moved(path), limit) };
}
