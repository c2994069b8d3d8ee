'use client';

import clsx from 'clsx';
import { memo } from 'react';
import type { Cell } from '../../client/log-matrix.ts';
import type { EntryView } from '../../contracts/view.ts';
import { CELL_WORD, commandOf, isQuiet } from './log-words.ts';
import { ROW_PX } from './use-log-scroll.ts';

/** The nodes' columns give way before the command does; below their least the log scrolls sideways in its own box. */
export const COLUMNS =
  'grid-cols-[52px_34px_minmax(0,1fr)_repeat(var(--nodes),40px)] sm:grid-cols-[64px_48px_minmax(14rem,1fr)_repeat(var(--nodes),minmax(48px,84px))]';

/** One node's part of a row. */
export interface RowCell extends Cell {
  /** What the node knows committed, or has applied, ends here. */
  readonly frontier: 'commit' | 'applied' | null;
  readonly down: boolean;
  /** The node's log begins after this row. */
  readonly isBase: boolean;
}

interface LogRowProps {
  readonly id: string;
  readonly index: number;
  readonly term: number | null;
  readonly entry: EntryView | undefined;
  readonly cells: readonly RowCell[];
  readonly top: number;
  /** Another term than the row above: terms may skip numbers, so their tint alone does not tell. */
  readonly newTerm: boolean;
  /** No log has it any more. */
  readonly forgotten: boolean;
  readonly selected: boolean;
}

/** One index of the log: what stands there, and what each node holds. Drawn anew only when that changed. */
export const LogRow = memo(function LogRow(props: LogRowProps) {
  const { id, index, term, entry, cells, top, newTerm, forgotten, selected } = props;
  return (
    <div
      role="row"
      id={id}
      aria-rowindex={index + 1}
      aria-selected={selected}
      data-testid={`log-row-${index}`}
      data-index={index}
      data-term={term ?? ''}
      className={clsx(
        'absolute inset-x-0 grid items-center contain-strict',
        COLUMNS,
        newTerm && 'border-t border-line-strong',
        term !== null && term % 2 === 1 ? 'bg-term-odd' : 'bg-term-even',
        selected && 'outline-2 -outline-offset-2 outline-text',
      )}
      style={{ height: ROW_PX, transform: `translateY(${top}px)` }}
    >
      <span role="rowheader" className="pr-2.5 text-right font-mono text-[13px] text-quiet sm:pr-3">
        {index}
      </span>
      <span
        role="gridcell"
        className={clsx(
          'h-full font-mono text-[13px] leading-[27px]',
          term !== null && term % 2 === 1 && 'banded',
        )}
      >
        <span className="pl-1.5">{term ?? (forgotten ? '' : '?')}</span>
      </span>
      <span
        role="gridcell"
        className={clsx(
          'truncate pr-3 pl-1 font-mono text-[13px]',
          (entry === undefined || isQuiet(entry)) && 'text-quiet',
        )}
      >
        {entry !== undefined
          ? commandOf(entry)
          : forgotten
            ? 'compacted: the databases hold what it did'
            : '…'}
      </span>
      {cells.map((cell) => (
        <LogCell key={cell.node} cell={cell} index={index} />
      ))}
    </div>
  );
}, isSameRow);

/** Cells are made anew with each view: they are compared by what they say. */
function isSameRow(a: LogRowProps, b: LogRowProps): boolean {
  const { cells: cellsA, ...restA } = a;
  const { cells: cellsB, ...restB } = b;
  return isSame(restA, restB) && cellsA.length === cellsB.length && cellsA.every(isSameAs(cellsB));
}

function isSameAs(others: readonly RowCell[]): (cell: RowCell, at: number) => boolean {
  return (cell, at) => {
    const other = others[at];
    return other !== undefined && isSame(cell, other);
  };
}

function isSame<T extends object>(a: T, b: T): boolean {
  return (Object.keys(a) as (keyof T)[]).every((key) => a[key] === b[key]);
}

/** One node's copy of one entry. Told apart by form: blank, outline, solid, solid with a tick, stripes, dots. */
function LogCell({ cell, index }: { readonly cell: RowCell; readonly index: number }) {
  const { node, state, term, frontier, down, isBase } = cell;
  const words = isBase ? `${CELL_WORD[state]}; its log begins after this` : CELL_WORD[state];
  return (
    <span
      role="gridcell"
      aria-label={`${node}: ${words}`}
      title={`${node}, index ${index}: ${words}${term === null ? '' : `, term ${term}`}`}
      data-testid={`log-cell-${node}-${index}`}
      data-state={state}
      data-term={term ?? ''}
      data-frontier={frontier ?? ''}
      className={clsx(
        'flex h-full items-center justify-center px-1',
        down && 'hatched',
        frontier === 'commit' && 'border-b-2 border-text',
        frontier === 'applied' && 'border-b-2 border-dotted border-text',
        frontier === null && isBase && 'border-b border-dashed border-line-strong',
      )}
    >
      <span
        className={clsx(
          'grid h-[17px] w-full max-w-14 place-content-center rounded-sm font-mono text-[11px] leading-none',
          state === 'appended' && 'border border-dashed border-text',
          state === 'committed' && 'border border-text bg-line-strong',
          state === 'applied' && 'bg-line-strong text-text',
          state === 'divergent' && 'striped border border-danger font-semibold',
          state === 'compacted' && 'text-quiet',
        )}
      >
        {state === 'applied' && '✓'}
        {state === 'divergent' && `t${term}`}
        {state === 'compacted' && '···'}
      </span>
    </span>
  );
}
