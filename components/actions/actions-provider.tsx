'use client';

import { useRouter, useSearchParams } from 'next/navigation';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { useCutDrawing } from '../cluster/cut-drawing.ts';
import { setTheme, toggleTheme } from '../cluster/theme.ts';
import { useFaults } from '../cluster/use-faults.ts';
import { readPresent, writePresent } from '../present/present-address.ts';
import type { PresentState } from '../present/present-address.ts';
import { fillScreen, leaveFullScreen } from '../present/full-screen.ts';
import { focusOn, focusWhenThere } from '../ui/page-keys.ts';
import { TraceSheet } from '../trace/trace-sheet.tsx';
import { useTraceChoice } from '../trace/trace-choice.ts';
import { useToast } from '../ui/toast.tsx';
import type { Abilities } from './action.ts';
import { ActionKeys } from './action-keys.tsx';
import { ActionsContext, selectedNode } from './actions-context.ts';
import type { ActionsState, Overlay } from './actions-context.ts';
import { Palette } from './palette.tsx';

/** What stands over every page: its keys, the palette, and what both can do. */
export function ActionsProvider({ children }: { readonly children: ReactNode }) {
  const [{ overlay, selected }, setOverlay] = useState<Pick<ActionsState, 'overlay' | 'selected'>>({
    overlay: null,
    selected: null,
  });
  const router = useRouter();
  const params = useSearchParams();
  const faults = useFaults();
  const toast = useToast();
  const { error } = faults;
  useEffect(() => {
    if (error !== null) toast({ text: error });
  }, [error, toast]);

  // Not read from the router as it changes: each patch of the view would put that off.
  const [present, setPresent] = useState(() => readPresent(params));
  useEffect(() => {
    const onPopState = (): void =>
      setPresent(readPresent(new URLSearchParams(window.location.search)));
    window.addEventListener('popstate', onPopState);
    return () => window.removeEventListener('popstate', onPopState);
  }, []);
  const show = (next: Overlay | null): void => {
    setOverlay((before) => ({
      overlay: next,
      selected: next === null || before.overlay !== null ? before.selected : selectedNode(),
    }));
  };
  /** Another state of the presentation, in the address; its beginning and its end can be gone back to. */
  const goPresent = (next: PresentState): void => {
    const { pathname, search } = window.location;
    if (pathname !== '/') return router.push(`/?${writePresent(next, '')}`);
    setPresent(next);
    const query = writePresent(next, search);
    const address = query === '' ? '/' : `/?${query}`;
    if ((next.show === null) === (present.show === null)) {
      window.history.replaceState(null, '', address);
    } else {
      window.history.pushState(null, '', address);
    }
  };
  const does: Abilities = {
    faults,
    go: (href) => router.push(href),
    focus: (selector, href) => {
      if (document.querySelector(selector) === null) {
        router.push(href);
        focusWhenThere(selector);
      } else {
        focusOn(selector);
      }
    },
    press: (action) =>
      document.querySelector<HTMLElement>(`button[data-action="${action}"]`)?.click(),
    drawCut: () => useCutDrawing.getState().toggle(),
    theme: (choice) => {
      if (present.show !== null && choice !== 'system') {
        const other = present.paper === 'light' ? 'dark' : 'light';
        goPresent({ ...present, paper: choice === 'other' ? other : choice });
      } else if (choice === 'other') toggleTheme();
      else setTheme(choice);
    },
    present: (part) => {
      goPresent({ ...present, show: part });
      if (part === null) leaveFullScreen();
      else if (present.show === null) fillScreen();
    },
    open: (what) => show(what),
    openTrace: () => useTraceChoice.getState().show(true),
  };
  return (
    <ActionsContext value={{ overlay, show, does, present, selected }}>
      {children}
      <ActionKeys />
      <Palette />
      <TraceSheet />
    </ActionsContext>
  );
}
