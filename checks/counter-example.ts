/** What to read when a cell has no order: how far one could get, and what could not follow. */
import type { Cell, CellRead, CellWrite } from './cell.ts';

/** So many of the operations that could be placed are shown, the last ones. */
const SHOWN = 12;

export interface DeadEnd {
  readonly cell: Cell;
  /** The longest order that explains its answers, open writes where they served. */
  readonly order: readonly (CellRead | CellWrite)[];
  /** What the field held then, in words. */
  readonly held: string;
  /** What could be next, as nothing else returned before its call. */
  readonly candidates: readonly (CellRead | CellWrite)[];
}

export function counterExample({ cell, order, held, candidates }: DeadEnd): string {
  const hidden = Math.max(0, order.length - SHOWN);
  const shown = order
    .slice(hidden)
    .map((operation, position) => `  ${hidden + position + 1}. ${inWords(operation)}`);
  return [
    `${nameOf(cell)}: no order explains its ${cell.settled.length} answers; the longest attempt is`,
    ...(hidden > 0 ? [`  … ${hidden} before`] : []),
    ...(order.length > 0 ? shown : ['  empty']),
    `  which leaves ${held}, and none of these can come next:`,
    ...candidates.map((operation) => `  - ${inWords(operation)}`),
  ].join('\n');
}

export function nameOf({ key, field }: Cell): string {
  return `${JSON.stringify(key)} ${JSON.stringify(field)}`;
}

function inWords(operation: CellRead | CellWrite): string {
  const { client } = operation.operation;
  const until = operation.returned === Number.POSITIVE_INFINITY ? 'open' : operation.returned;
  const when = `[${operation.call}, ${until}]`;
  if (operation.kind === 'read') {
    const saw = operation.value === null ? 'nothing' : JSON.stringify(operation.value);
    return `${client} read ${saw} ${when}`;
  }
  const did = operation.value === null ? 'deleted' : `set ${JSON.stringify(operation.value)}`;
  const where =
    operation.expects === undefined ? '' : ` where ${JSON.stringify(operation.expects)} stood`;
  const ttl = operation.mayExpire ? ' with a ttl' : '';
  const over =
    operation.existed === null ? '' : operation.existed ? ' over a value' : ' over nothing';
  return `${client} ${did}${where}${ttl}${over} ${when}`;
}
