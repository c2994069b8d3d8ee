'use client';

import { usePathname } from 'next/navigation';
import { createContext, use } from 'react';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { pageAt } from '../nav/pages.ts';
import type { PresentState } from '../present/present-address.ts';
import type { Abilities, Situation } from './action.ts';

/** What lies over the page. */
export type Overlay = 'palette' | 'help';

export interface ActionsState {
  readonly overlay: Overlay | null;
  show(overlay: Overlay | null): void;
  readonly does: Abilities;
  readonly present: PresentState;
  /** The node that held the focus when the overlay came. */
  readonly selected: string | null;
}

export const ActionsContext = createContext<ActionsState | null>(null);

export function useActions(): ActionsState {
  const state = use(ActionsContext);
  if (state === null) throw new Error('useActions is for the inside of ActionsProvider');
  return state;
}

/** All that decides which actions there are. */
export function useSituation(): Situation {
  const { present, selected } = useActions();
  const view = useLive((state) => state.view);
  const disabled = useActionsDisabled();
  const page = pageAt(usePathname());
  return { view, disabled, page, selected, presenting: present.show };
}

/** The node that holds the focus, or has what holds it. */
export function selectedNode(): string | null {
  const card = document.activeElement?.closest<HTMLElement>('[data-node]');
  return card?.dataset['node'] ?? null;
}
