'use client';

import { Ellipsis } from 'lucide-react';
import { membershipOf } from '../../client/membership.ts';
import { verdictOf } from '../../client/verdict.ts';
import type { NodeView } from '../../contracts/view.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { Menu } from '../ui/menu.tsx';
import type { Faults } from './use-faults.ts';

interface NodeMenuProps {
  readonly node: NodeView;
  readonly faults: Faults;
  readonly isIsolated: boolean;
}

/** What an operator may ask of one node beside breaking it. */
export function NodeMenu({ node, faults, isIsolated }: NodeMenuProps) {
  const { id } = node;
  const disabled = useActionsDisabled();
  const { leader, membership } = useLive(({ view }) => ({
    leader: view === null ? null : verdictOf(view).leader,
    membership: view === null ? 'voter' : membershipOf(view, id),
  }));
  const because = disabled ?? (faults.busy ? 'Under way' : null);
  const isUp = node.state === 'serving';
  const needsLeader = leader === null ? 'There is no leader' : null;
  const notLeading = leader === id ? 'It leads already' : null;
  return (
    <Menu
      label={`More for ${id}`}
      className="sm:group-data-[density=small]/stage:h-9"
      icon={<Ellipsis className="size-4.5" aria-hidden="true" />}
      items={[
        membership === 'learner'
          ? {
              label: `Give ${id} a vote`,
              hint: 'Once it has caught up',
              disabledBecause: because ?? needsLeader,
              run: () => faults.promote(id),
            }
          : {
              label: `Let ${id} lead`,
              hint: 'The leader hands over to it',
              disabledBecause:
                because ?? (isUp ? null : 'It is not running') ?? needsLeader ?? notLeading,
              run: () => faults.lead(id),
            },
        {
          label: isIsolated ? `Join ${id} to the others` : `Cut ${id} off`,
          hint: isIsolated ? 'Its links are whole again' : 'Its links carry nothing, either way',
          disabledBecause: because,
          run: () => (isIsolated ? faults.reconnect(id) : faults.isolate(id)),
        },
        {
          label: 'Shorten its log',
          hint: 'Its database has what the log then forgets',
          disabledBecause: because ?? (isUp ? null : 'It is not running'),
          run: () => faults.compact(id),
        },
        {
          label: `Replace ${id}`,
          hint: 'A new node takes its place in one joint change',
          disabledBecause: because ?? needsLeader,
          run: () => faults.replace(id),
        },
        {
          label: `Remove ${id}`,
          hint: 'For good: the others go on without it',
          tone: 'danger',
          disabledBecause: because ?? needsLeader,
          run: () => faults.remove(id),
        },
      ]}
    />
  );
}
