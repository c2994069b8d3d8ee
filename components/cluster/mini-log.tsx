'use client';

import clsx from 'clsx';
import { cellOf, lastIndexOf, standingTerm } from '../../client/log-matrix.ts';
import type { CellState } from '../../client/log-matrix.ts';
import type { ClusterView } from '../../contracts/view.ts';
import { useLive } from '../live/live-provider.tsx';

const BLOCKS = 8;

/** The newest places of the log, in this node: what it lacks, holds, knows committed. */
export function MiniLog({ id }: { readonly id: string }) {
  const states = useLive(({ view }) => (view === null ? [] : blocksOf(view, id)));
  return (
    <span className="flex shrink-0 items-center gap-0.5" title="The newest entries in this log">
      {states.map((state, i) => (
        <span
          // oxlint-disable-next-line react/no-array-index-key -- a block is its place
          key={i}
          className={clsx(
            'h-3 w-2.5 rounded-[2px] border',
            state === 'absent' && 'border-dotted border-line-strong',
            state === 'appended' && 'border-text',
            (state === 'committed' || state === 'applied') && 'border-quiet bg-quiet',
            state === 'divergent' && 'striped border-danger',
          )}
        />
      ))}
    </span>
  );
}

function blocksOf(view: ClusterView, id: string): readonly CellState[] {
  const node = view.nodes.find((candidate) => candidate.id === id);
  if (node === undefined) return [];
  const first = Math.max(1, lastIndexOf(view) - BLOCKS + 1);
  return Array.from(
    { length: BLOCKS },
    (_, i) => cellOf(node, first + i, standingTerm(view, first + i)).state,
  );
}
