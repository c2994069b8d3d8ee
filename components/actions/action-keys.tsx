'use client';

import { useEffect, useEffectEvent } from 'react';
import { usePageKeys } from '../ui/page-keys.ts';
import { useToast } from '../ui/toast.tsx';
import { actionsOf } from './actions.ts';
import { selectedNode, useActions, useSituation } from './actions-context.ts';
import { actionOfKey } from './key-of.ts';

/** Hears the keys of all actions. They rest while someone types, but for the one of the palette. */
export function ActionKeys() {
  const situation = useSituation();
  const { overlay, show, does } = useActions();
  const toast = useToast();
  const act = (event: KeyboardEvent): void => {
    const action = actionOfKey(actionsOf({ ...situation, selected: selectedNode() }), event);
    if (action === undefined) return;
    // The letter itself shall not arrive in a box that takes the focus.
    event.preventDefault();
    if (action.because === null) action.run(does);
    else toast({ text: action.because });
  };
  usePageKeys((event) => {
    if (overlay === null) act(event);
  });
  const hearAnywhere = useEffectEvent((event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== 'k')
      return;
    event.preventDefault();
    show(overlay === 'palette' ? null : 'palette');
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => hearAnywhere(event);
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
  return null;
}
