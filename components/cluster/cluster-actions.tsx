'use client';

import { verdictOf } from '../../client/verdict.ts';
import type { ClusterView } from '../../contracts/view.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { useForecasting } from './forecast.tsx';
import { useFaults } from './use-faults.ts';

/** What can be done to the cluster as a whole. */
export function ClusterActions() {
  const disabled = useActionsDisabled();
  const { busy, error, kill, revive, healAll, addNode } = useFaults();
  const { leader, down, isFaulty } = useLive(({ view }) => ({
    leader: view === null ? null : verdictOf(view).leader,
    down: view === null ? '' : downNodes(view).join(' '),
    isFaulty: view !== null && hasFaultyLink(view),
  }));
  const forecasting = useForecasting(leader);
  const because = disabled ?? (busy ? 'Under way' : null);
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Button
        tone="danger"
        disabledBecause={because ?? (leader === null ? 'There is no leader to kill' : null)}
        onClick={() => {
          if (leader !== null) kill(leader);
        }}
        {...forecasting}
      >
        Kill leader
      </Button>
      <Button
        disabledBecause={because ?? (down === '' ? 'Every node is up' : null)}
        onClick={() => revive(down.split(' '))}
      >
        Revive all
      </Button>
      <Button
        disabledBecause={because ?? (isFaulty ? null : 'Every link is whole')}
        onClick={healAll}
      >
        Heal all
      </Button>
      <Button
        title="Make a node: it learns the log, then gets a vote"
        disabledBecause={because ?? (leader === null ? 'There is no leader to add it' : null)}
        onClick={addNode}
      >
        Add node
      </Button>
      {error !== null && (
        <p role="alert" className="text-sm text-danger">
          {error}
        </p>
      )}
    </div>
  );
}

export function downNodes({ nodes }: ClusterView): readonly string[] {
  return nodes.filter(({ state }) => state === 'down' || state === 'failed').map((node) => node.id);
}

function hasFaultyLink({ links }: ClusterView): boolean {
  return links.some(
    ({ cut, delayMs, jitterMs, loss, duplicate }) =>
      cut || delayMs > 0 || jitterMs > 0 || loss > 0 || duplicate > 0,
  );
}
