'use client';

import { useServerNow, useViewing } from '../live/live-provider.tsx';
import { usePageKeys } from '../ui/page-keys.ts';

/** As the help lists them. */
export const TIME_KEYS = [
  ['Space', 'Hold the view still, or play the replay'],
  ['← →', 'Step to the event before or after'],
  ['Esc', 'Back to live'],
] as const;

/** Where a key has a meaning of its own. */
const PRESSABLE = 'button, a, summary, select';
const WALKABLE = '[role=menu], [role=grid], [role=tablist], [role=radiogroup], ol, select';

/** Space holds the picture still or plays, arrows step from event to event, Escape is back to live. */
export function useTimeKeys(): void {
  const viewing = useViewing();
  const now = useServerNow();
  const rest = (): void => {
    const { mode, playing } = viewing.state.getState();
    if (mode === 'live') {
      if (now !== null) viewing.pause(now);
    } else if (mode === 'paused') viewing.backToLive();
    else if (playing) viewing.stop();
    else viewing.play();
  };
  usePageKeys((event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    switch (event.key) {
      case ' ':
        if (target.closest(PRESSABLE) !== null) return;
        event.preventDefault();
        return rest();
      case 'ArrowLeft':
      case 'ArrowRight':
        if (target.closest(WALKABLE) !== null || target.matches('[aria-label="As of"]')) return;
        event.preventDefault();
        void viewing.step(event.key === 'ArrowLeft' ? -1 : 1);
        return;
      case 'Escape':
        if (document.querySelector(':popover-open, dialog[open]') !== null) return;
        if (viewing.state.getState().mode === 'live') return;
        // It is used up: what else Escape leads out of stays.
        event.preventDefault();
        viewing.backToLive();
    }
  });
}
