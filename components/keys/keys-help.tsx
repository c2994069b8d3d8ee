'use client';

import { useState } from 'react';
import { toggleTheme } from '../cluster/theme.ts';
import { KeyHelp } from '../ui/key-help.tsx';
import { goTo, usePageKeys } from '../ui/page-keys.ts';
import { HelpSheet } from '../ui/help-sheet.tsx';

const KEYS: readonly (readonly [string, string])[] = [
  ['/', 'Search keys'],
  ['↑ ↓', 'Walk the keys; Enter opens'],
  ['[', 'Previous change'],
  [']', 'Next change'],
  ['N', 'Back to now'],
  ['T', 'Type a time'],
  ['C', 'Compare with another instant'],
  ['W', 'Write'],
  ['D', 'Dark or light'],
  ['?', 'This help'],
];

/** The keys of this page, and the sheet that explains it. */
export function KeysHelp() {
  const [open, setOpen] = useState(false);
  usePageKeys((event) => {
    if (open) return;
    switch (event.key.toLowerCase()) {
      case '/':
        return goTo(event, 'input[name="prefix"]');
      case '[':
        return press('previous');
      case ']':
        return press('next');
      case 'n':
        return press('now');
      case 't':
        return goTo(event, 'input[name="as-of"]');
      case 'c':
        return press('compare');
      case 'w':
        return goTo(event, 'form[aria-label="Write"] input');
      case 'd':
        return toggleTheme();
      case '?':
        setOpen(true);
    }
  });
  return (
    <HelpSheet open={open} onOpen={setOpen}>
      <p className="text-quiet">
        Every key and field, now or at any time. Nothing is ever overwritten: a write adds a
        version, and the slider chooses the time at which the whole page reads. The axis gives each
        change room, so a busy second and a quiet night both fit. Restore writes what you see as new
        versions. Backup takes the keys of the list, with their history, as a file; it can be
        restored here or in another cluster.
      </p>
      <KeyHelp keys={KEYS} />
    </HelpSheet>
  );
}

/** The button of the page that does it, if it is there. */
function press(action: string): void {
  document.querySelector<HTMLElement>(`button[data-action="${action}"]`)?.click();
}
