/**
 * A history taken apart into cells, (key, field), as a client at the present
 * sees them: a history is linearizable only if each of its cells is. What is
 * known of a write decides how it counts:
 *
 * - Set and delete at the present, answered: happened within its interval, and
 *   the answer tells whether the field was there before. A ttl means that the
 *   field may be found absent from then on.
 * - Write of unknown outcome, or with a timestamp of its own: *open*. It shows
 *   at the present at one instant after its call, or never, for a timestamp may
 *   lie in the future or below a later version, and this judge knows no clock.
 * - Get and scan at the present: what they saw of each cell. That a scan saw its
 *   cells at one instant is beyond this judge.
 * - Reads with `at` or `asOf`, histories and lists of keys are not judged here.
 *   All that is left out the certificate judges.
 */
import type { Cell, CellWrite } from '../checks/cell.ts';
import { assert } from '../server/base/assert.ts';
import { existedBefore } from './history.ts';
import type { Operation, ReadOp, ReadQuery, WriteOp } from './history.ts';

/**
 * The cells that somebody wrote or saw. `tookEffect` has the writes that the
 * final log holds, as "client/sequence": an unknown one that is not among them
 * never happened.
 */
export function cellsOf(
  operations: readonly Operation[],
  tookEffect?: ReadonlySet<string>,
): readonly Cell[] {
  const cells = new Map<string, Cell>();
  const cellAt = (key: string, field: string): Cell => {
    const name = JSON.stringify([key, field]);
    const cell = cells.get(name) ?? { key, field, settled: [], open: [] };
    cells.set(name, cell);
    return cell;
  };
  const reads = operations.filter((operation) => operation.kind === 'read').filter(sawThePresent);
  for (const operation of operations) {
    if (operation.kind === 'read' || !mayHaveHappened(operation, tookEffect)) continue;
    const write = asCellWrite(operation);
    const { settled, open } = cellAt(operation.command.key, operation.command.field);
    if (write.returned === Number.POSITIVE_INFINITY) open.push(write);
    else settled.push(write);
  }
  for (const { query, answer } of reads) {
    if (query.type === 'get') cellAt(query.key, query.field);
    if (query.type === 'scan' && answer?.type === 'scan')
      for (const { field } of answer.fields) cellAt(query.key, field);
  }
  // What a scan did not see was absent, in every cell that there is.
  for (const operation of reads) {
    for (const cell of cells.values()) {
      if (!isAbout(operation.query, cell)) continue;
      const { call, returned } = operation;
      const value = valueSeen(operation, cell.field);
      cell.settled.push({ kind: 'read', operation, call, returned, value });
    }
  }
  for (const { settled, open } of cells.values()) {
    settled.sort(byCall);
    open.sort(byCall);
  }
  return [...cells.values()];
}

function byCall(a: { readonly call: number }, b: { readonly call: number }): number {
  return a.call - b.call;
}

// --- writes ------------------------------------------------------------------------

function mayHaveHappened(write: WriteOp, tookEffect?: ReadonlySet<string>): boolean {
  const { session } = write.command;
  if (write.outcome === 'failed') return false;
  if (write.outcome === 'ok' || tookEffect === undefined || session === undefined) return true;
  return tookEffect.has(`${session.client}/${session.sequence}`);
}

function asCellWrite(operation: WriteOp): CellWrite {
  const { command, call, outcome, result } = operation;
  // An answer that refuses a write says nothing of what an earlier attempt at it did.
  const answered = outcome === 'ok' && result?.ok !== false;
  const isSettled = answered && command.timestamp === undefined;
  return {
    kind: 'write',
    operation,
    call,
    returned: isSettled ? operation.returned : Number.POSITIVE_INFINITY,
    value: command.op === 'set' ? command.value : null,
    mayExpire: command.op === 'set' && command.ttl !== undefined,
    existed: isSettled ? existedBefore(result) : null,
  };
}

// --- reads -------------------------------------------------------------------------

function sawThePresent({ outcome, query, answer }: ReadOp): boolean {
  if (outcome !== 'ok' || answer === null) return false;
  assert(answer.type === query.type, 'an answer is of the kind of its query');
  return query.at === undefined && query.asOf === undefined;
}

function isAbout(query: ReadQuery, { key, field }: Cell): boolean {
  if (query.type === 'get') return query.key === key && query.field === field;
  return query.type === 'scan' && query.key === key && field.startsWith(query.prefix ?? '');
}

function valueSeen({ answer }: ReadOp, field: string): string | null {
  if (answer === null) return null;
  const found =
    answer.type === 'get' ? answer.found : answer.fields.find((one) => one.field === field);
  return found === null || found === undefined ? null : String(found.value);
}
