'use client';

import clsx from 'clsx';

interface FrontierProps {
  readonly id: string;
  readonly commitIndex: number;
  readonly lag: number;
  readonly down: boolean;
  onShow(): void;
}

/** Head of a node's column: how far it has committed, and the way to that row. */
export function Frontier({ id, commitIndex, lag, down, onShow }: FrontierProps) {
  const behind = lag === 0 ? '' : `, ${lag.toLocaleString('en')} behind`;
  return (
    <span
      role="columnheader"
      data-testid={`commit-frontier-${id}`}
      data-index={commitIndex}
      className={clsx('text-center font-mono', down && 'hatched')}
    >
      <button
        type="button"
        onClick={onShow}
        title={`${id} knows entries up to ${commitIndex} to be committed${behind}. Show that row.`}
        aria-label={`${id}${down ? ', down' : ''}, committed up to ${commitIndex}${behind}`}
        className="w-full py-1 -outline-offset-2"
      >
        <span className={clsx('text-text', down && 'line-through')}>{id}</span>
        {lag > 0 && <span className="text-[11px]"> −{compact.format(lag)}</span>}
      </button>
    </span>
  );
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
