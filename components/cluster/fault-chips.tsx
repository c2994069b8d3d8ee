'use client';

import { Clock, HardDrive, Pause } from 'lucide-react';
import { nodeFaultWords } from '../../client/fault-words.ts';
import type { NodeView } from '../../contracts/view.ts';
import { useNow } from '../live/live-provider.tsx';

const SHAPES = { thread: Pause, disk: HardDrive, clock: Clock } as const;

/** What is wrong with the node's world, each with a shape and in words, on the edge of its card. */
export function FaultChips({ node }: { readonly node: NodeView }) {
  const words = nodeFaultWords(node.faults, useNow());
  if (words.length === 0) return null;
  return (
    <ul
      aria-label={`Faults of ${node.id}`}
      data-testid={`node-faults-${node.id}`}
      className="flex flex-wrap gap-1 sm:absolute sm:-top-2.5 sm:left-2 sm:flex-nowrap sm:group-data-[density=compact]/stage:left-12"
    >
      {words.map(({ what, text }) => {
        const Shape = SHAPES[what];
        return (
          <li
            key={text.replace(/\d+ s$/, '')}
            className="flex items-center gap-1 rounded-full border border-text bg-raised px-1.5 text-xs font-medium whitespace-nowrap"
          >
            <Shape className="size-3" aria-hidden="true" />
            {text}
          </li>
        );
      })}
    </ul>
  );
}
