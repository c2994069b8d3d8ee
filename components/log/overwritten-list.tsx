'use client';

import type { Overwritten } from '../../client/overwritten.ts';
import { commandOf } from './log-words.ts';

/** Entries that were never committed and lost their place, with what stands there now; newest first. */
export function OverwrittenList({ places }: { readonly places: readonly Overwritten[] }) {
  if (places.length === 0) {
    return (
      <p className="p-3 text-quiet">
        None seen. Cut off a leader and write to it: what it cannot commit is overwritten when it
        returns.
      </p>
    );
  }
  return (
    <ol
      data-testid="overwritten"
      aria-label="Overwritten entries, newest first"
      className="text-sm"
    >
      {places.toReversed().map(({ lost, byTerm, by, heldBy }) => (
        <li
          key={`${lost.index}/${lost.term}`}
          data-index={lost.index}
          data-term={lost.term}
          data-by-term={byTerm}
          className="border-b border-line px-3 py-1.5"
        >
          <p className="flex items-baseline gap-2">
            <span className="font-mono text-[13px] text-quiet">{lost.index}</span>
            <span className="striped rounded-sm px-1 font-mono text-[11px] font-semibold">
              t{lost.term}
            </span>
            <s className="min-w-0 truncate font-mono text-[13px]">{commandOf(lost)}</s>
          </p>
          <p className="truncate text-quiet">
            {heldBy.length > 0 ? `to be replaced on ${heldBy.join(', ')} by ` : 'replaced by '}
            <span className="font-mono text-[13px] text-text">
              t{byTerm} {by === null ? '' : commandOf(by)}
            </span>
          </p>
        </li>
      ))}
    </ol>
  );
}
