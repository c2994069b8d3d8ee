/**
 * Linearizability by search: a second opinion beside the certificate, which
 * knows nothing of revisions, stamps or the log, only who asked what when and
 * was told what. It searches each cell of a history (see cells.ts) for an order
 * that explains it (checks/cell-search.ts).
 */
import type { Cell } from '../checks/cell.ts';
import { searchCell } from '../checks/cell-search.ts';
import { counterExample, nameOf } from '../checks/counter-example.ts';
import { unreachable } from '../server/base/assert.ts';
import { cellsOf } from './cells.ts';
import type { Operation } from './history.ts';

/** Steps of the search in one cell; runs of the simulator need some hundred. */
const BUDGET = 500_000;

export interface Verdict {
  /** Operations whose answers were judged. */
  readonly judged: number;
  /** Cells in which there was something to judge. */
  readonly parts: number;
  /** A cell without an order, or undecided within the budget, in words; empty means linearizable. */
  readonly complaints: readonly string[];
}

export interface SearchOptions {
  /** Writes in the final log, as "client/sequence": settles what became of unknown ones. */
  readonly tookEffect?: ReadonlySet<string>;
  /** Most steps of the search in one cell. */
  readonly budget?: number;
}

/** Judges reads and writes at the present. Undecided is a complaint. */
export function checkLinearizability(
  operations: readonly Operation[],
  { tookEffect, budget = BUDGET }: SearchOptions = {},
): Verdict {
  const parts = cellsOf(operations, tookEffect).filter(({ settled }) => settled.length > 0);
  const judged = new Set(parts.flatMap(({ settled }) => settled.map(({ operation }) => operation)));
  return {
    judged: judged.size,
    parts: parts.length,
    complaints: parts
      .map((cell) => complaintOf(cell, budget))
      .filter((complaint) => complaint !== null),
  };
}

/** Null when the cell is linearizable. */
function complaintOf(cell: Cell, budget: number): string | null {
  const verdict = searchCell(cell, budget);
  switch (verdict.is) {
    case 'linearizable':
      return null;
    case 'violation':
      return counterExample(verdict.deadEnd);
    case 'undecided':
      return `${nameOf(cell)}: undecided after ${verdict.steps} steps`;
    default:
      return unreachable(verdict);
  }
}
