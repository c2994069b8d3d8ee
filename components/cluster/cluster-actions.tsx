'use client';

import type { ApiRequest } from '../../client/api-request.ts';
import { partition } from '../../client/fault-requests.ts';
import { pairsBetween, splitName, splitsOf } from '../../client/partitions.ts';
import { verdictOf } from '../../client/verdict.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { Menu } from '../ui/menu.tsx';
import { downNodes, isFaulty } from './cluster-state.ts';
import { useForecasting, usePointAt } from './forecast.tsx';
import { useFaults } from './use-faults.ts';

/** What can be done to the cluster as a whole. */
export function ClusterActions() {
  const disabled = useActionsDisabled();
  const { busy, error, kill, revive, healAll, addNode, send } = useFaults();
  const { leader, down, members, ...world } = useLive(({ view }) => ({
    leader: view === null ? null : verdictOf(view).leader,
    down: view === null ? '' : downNodes(view).join(' '),
    isFaulty: view !== null && isFaulty(view),
    members: view?.members.join(' ') ?? '',
  }));
  const forecasting = useForecasting(leader === null ? null : { do: 'kill', node: leader });
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
        disabledBecause={because ?? (world.isFaulty ? null : 'Nothing is at fault')}
        onClick={healAll}
      >
        Heal all
      </Button>
      <PartitionMenu members={members.split(' ')} because={because} send={send} />
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

interface PartitionMenuProps {
  readonly members: readonly string[];
  readonly because: string | null;
  send(request: ApiRequest): void;
}

/** Every way to split the cluster in two, by name. */
function PartitionMenu({ members, because, send }: PartitionMenuProps) {
  const point = usePointAt();
  return (
    <Menu
      label="Partition"
      icon="Partition"
      size="normal"
      disabledBecause={members.length < 2 ? 'One node cannot be split' : null}
      items={splitsOf(members).map((split) => ({
        label: splitName(split),
        hint: 'Cuts every link between the sides',
        disabledBecause: because,
        run: () => send(partition(split.map((side) => [...side]))),
        onPoint: (isPointed) => point(isPointed ? { do: 'cut', pairs: pairsBetween(split) } : null),
      }))}
    />
  );
}
