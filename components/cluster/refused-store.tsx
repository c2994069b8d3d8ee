'use client';

import { refusalWords } from '../../client/refusal-words.ts';
import { verdictOf } from '../../client/verdict.ts';
import type { NodeView, Refusal } from '../../contracts/view.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { useFaults } from './use-faults.ts';

interface RefusedStoreProps {
  readonly node: NodeView;
  readonly refusal: Refusal;
}

/** In place of what a node says of itself, when it could not even begin: what is wrong, and the one thing that helps. */
export function RefusedStore({ node, refusal }: RefusedStoreProps) {
  const { id, reason } = node;
  const disabled = useActionsDisabled();
  const { busy, error, replace } = useFaults();
  const hasLeader = useLive(({ view }) => view !== null && verdictOf(view).leader !== null);
  return (
    <div
      data-testid={`refused-${id}`}
      data-refusal={refusal}
      className="flex items-center gap-2 max-sm:pb-9 sm:group-data-[density=small]/stage:hidden"
    >
      <p
        title={reason ?? undefined}
        className="line-clamp-4 min-w-0 flex-1 text-xs leading-4 text-danger"
        role={error === null ? undefined : 'alert'}
      >
        {error ?? refusalWords(refusal, hasLeader)}
      </p>
      {hasLeader && (
        <Button
          tone="primary"
          title={`A new node takes the place of ${id} and learns everything from the others; the database of ${id} stays in the folder`}
          disabledBecause={disabled ?? (busy ? 'Under way' : null)}
          onClick={() => replace(id)}
        >
          Replace {id}
        </Button>
      )}
    </div>
  );
}
