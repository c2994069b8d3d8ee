'use client';

import { useEffect, useState } from 'react';
import { verdictOf } from '../../client/verdict.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { KeyHelp } from '../ui/key-help.tsx';
import { focusOn, goTo, usePageKeys } from '../ui/page-keys.ts';
import { HelpSheet } from '../ui/help-sheet.tsx';
import { useToast } from '../ui/toast.tsx';
import { downNodes } from './cluster-actions.tsx';
import { toggleTheme } from './theme.ts';
import { useFaults } from './use-faults.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['1 … 9', 'Go to a node'],
  ['K', 'Kill the node you are at'],
  ['L', 'Kill the leader'],
  ['V', 'Revive all'],
  ['H', 'Heal all links'],
  ['W', 'Write'],
  ['R', 'Read'],
  ['T', 'Read as of a time'],
  ['D', 'Dark or light'],
  ['?', 'This help'],
];

/** The keys of the page, and the sheet that lists them. They rest while someone types. */
export function Shortcuts() {
  const [open, setOpen] = useState(false);
  const { leader, down, voters } = useLive(({ view }) => ({
    leader: view === null ? null : verdictOf(view).leader,
    down: view === null ? '' : downNodes(view).join(' '),
    voters: view?.members ?? null,
  }));
  const disabled = useActionsDisabled();
  const { kill, revive, healAll, error } = useFaults();
  const toast = useToast();

  const act = (run: () => void): void => {
    if (disabled === null) run();
    else toast({ text: disabled });
  };
  const killHere = (): void => {
    const node = document.activeElement?.closest<HTMLElement>('[data-node]')?.dataset['node'];
    if (node === undefined) toast({ text: 'Go to a node first: press its number' });
    else kill(node);
  };
  const killLeader = (): void => {
    if (leader === null) toast({ text: 'There is no leader to kill' });
    else kill(leader);
  };
  usePageKeys((event) => {
    if (open) return;
    const node = voters?.[Number(event.key) - 1];
    if (node !== undefined) {
      focusOn(`[data-node="${node}"]`);
      return;
    }
    switch (event.key.toLowerCase()) {
      case 'k':
        return act(killHere);
      case 'l':
        return act(killLeader);
      case 'v':
        return act(() => {
          if (down !== '') revive(down.split(' '));
        });
      case 'h':
        return act(healAll);
      case 'w':
        return goTo(event, 'form[aria-label="Write"] input');
      case 'r':
        return goTo(event, 'form[aria-label="Read"] input');
      case 't':
        return goTo(event, 'form[aria-label="Read"] input[name="as-of"]');
      case 'd':
        return toggleTheme();
      case '?':
        setOpen(true);
    }
  });
  useEffect(() => {
    if (error !== null) toast({ text: error });
  }, [error, toast]);

  return (
    <HelpSheet open={open} onOpen={setOpen}>
      <Help />
    </HelpSheet>
  );
}

function Help() {
  return (
    <>
      <p className="text-quiet">
        Three real nodes, each a thread with a database of its own, agree by Raft on one log of
        writes. Kill ends a node’s thread at once; only what reached its disk survives. A write is
        committed when a quorum has it on disk, and nothing committed is ever lost.
      </p>
      <KeyHelp keys={KEYS} />
    </>
  );
}
