'use client';

import { Ellipsis } from 'lucide-react';
import { useState } from 'react';
import { pause, resume } from '../../client/fault-requests.ts';
import { nodeFaultWords } from '../../client/fault-words.ts';
import { membershipOf } from '../../client/membership.ts';
import { verdictOf } from '../../client/verdict.ts';
import type { NodeView } from '../../contracts/view.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { Menu } from '../ui/menu.tsx';
import type { MenuItem } from '../ui/menu.tsx';
import { usePointAt } from './forecast.tsx';
import type { Faults } from './use-faults.ts';
import { WipeSheet } from './wipe-sheet.tsx';
import { WorldSheet } from './world-sheet.tsx';

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
  const { faults: under } = node;
  const [sheet, setSheet] = useState<'world' | 'wipe' | null>(null);
  const point = usePointAt();
  const words = nodeFaultWords({ ...under, pausedUntilMs: null }, null).map(({ text }) => text);
  const pauseFor = (seconds: number): MenuItem => ({
    label: `Pause ${id} for ${seconds} s`,
    hint: 'It stands still',
    disabledBecause: because ?? (isUp ? null : 'It is not running'),
    run: () => faults.send(pause(id, { forMs: seconds * 1000 })),
    onPoint: (isPointed) => point(isPointed ? { do: 'pause', node: id } : null),
  });
  const pauses =
    under.pausedUntilMs === null
      ? [pauseFor(5), pauseFor(30)]
      : [
          {
            label: `Let ${id} run again`,
            hint: 'It is paused',
            disabledBecause: because,
            run: () => faults.send(resume(id)),
          },
        ];
  return (
    <>
      <Menu
        label={`More for ${id}`}
        className="presenting:hidden sm:group-data-[density=small]/stage:h-9"
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
            label: isIsolated ? `Reconnect ${id}` : `Isolate ${id}`,
            hint: isIsolated ? 'Its links are whole again' : 'Its links carry nothing, either way',
            disabledBecause: because,
            run: () => (isIsolated ? faults.reconnect(id) : faults.isolate(id)),
          },
          ...pauses,
          {
            label: `Disk and clock of ${id}`,
            hint: words.length === 0 ? 'Slow, full, off or drifting' : words.join(', '),
            disabledBecause: disabled,
            run: () => setSheet('world'),
          },
          {
            label: 'Shorten its log',
            hint: 'Its database keeps what the log lets go',
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
          {
            label: `Wipe the disk of ${id}`,
            hint: 'It may not come back after that',
            tone: 'danger',
            disabledBecause:
              because ??
              (under.wiped ? 'It is wiped' : isUp ? 'It is running: kill it first' : null),
            run: () => setSheet('wipe'),
          },
        ]}
      />
      <WorldSheet node={node} open={sheet === 'world'} onClose={() => setSheet(null)} />
      <WipeSheet
        id={id}
        open={sheet === 'wipe'}
        send={faults.send}
        onClose={() => setSheet(null)}
      />
    </>
  );
}
