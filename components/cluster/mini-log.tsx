'use client';

import clsx from 'clsx';
import { cellOf, lastIndexOf, standingTerm } from '../../client/log-matrix.ts';
import type { CellState } from '../../client/log-matrix.ts';
import type { ClusterView } from '../../contracts/view.ts';
import { useFollowedWrite } from '../data/followed-write.ts';
import { useLive } from '../live/live-provider.tsx';

const BLOCKS = 8;

/** The newest places of the log, in this node: what it lacks, holds, knows committed; and where the page's last write stands. */
export function MiniLog({ id }: { readonly id: string }) {
  const states = useLive(({ view }) => (view === null ? [] : blocksOf(view, id)));
  const first = useLive(({ view }) => (view === null ? 0 : firstBlock(view)));
  const followed = useFollowedWrite(({ track }) => track?.place?.index ?? null);
  return (
    <span className="flex shrink-0 items-center gap-0.5" title="The newest entries in this log">
      {states.map((state, i) => (
        <span
          // oxlint-disable-next-line react/no-array-index-key -- a block is its place
          key={i}
          data-followed={first + i === followed || undefined}
          title={first + i === followed ? 'Your write' : undefined}
          className={clsx(
            'h-3 w-2.5 rounded-[2px] border',
            first + i === followed && 'outline-2 outline-offset-1 outline-text',
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
  const first = firstBlock(view);
  return Array.from(
    { length: BLOCKS },
    (_, i) => cellOf(node, first + i, standingTerm(view, first + i)).state,
  );
}

function firstBlock(view: ClusterView): number {
  return Math.max(1, lastIndexOf(view) - BLOCKS + 1);
}
