'use client';

import type { ReactNode } from 'react';
import { Button } from '../ui/button.tsx';
import { KeyHelp } from '../ui/key-help.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { actionsOf } from './actions.ts';
import { useActions, useSituation } from './actions-context.ts';

type KeyWords = readonly (readonly [keys: string, what: string])[];

interface PageHelpProps {
  readonly children: ReactNode;
  /** Keys that a part of the page hears for itself. */
  readonly further?: KeyWords;
}

/** The button with the question mark, and what it opens: what this page shows, and all keys that work on it. */
export function PageHelp(props: PageHelpProps) {
  const { show } = useActions();
  return (
    <>
      <Button
        className="w-8 px-0! font-mono"
        aria-label="Help and keys"
        title="Help and keys (?)"
        onClick={() => show('help')}
      >
        ?
      </Button>
      <HelpSheet {...props} />
    </>
  );
}

/** What the question mark opens, for what is shown without its button. */
export function HelpSheet({ children, further = [] }: PageHelpProps) {
  const { overlay, show } = useActions();
  return (
    <Sheet title="What you are looking at" open={overlay === 'help'} onClose={() => show(null)}>
      {children}
      <Keys further={further} />
    </Sheet>
  );
}

/** Keys rest while someone types. */
function Keys({ further }: { readonly further: KeyWords }) {
  const actions = actionsOf(useSituation());
  const keys = actions.flatMap(({ keys: key, title }) =>
    key == null ? [] : [[key, title] as const],
  );
  return <KeyHelp keys={[...keys, ...further]} />;
}
