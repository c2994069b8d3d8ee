'use client';

import { Search } from 'lucide-react';
import { Button } from '../ui/button.tsx';
import { useActions } from './actions-context.ts';

/** The visible way to the palette. */
export function SearchButton() {
  const { show } = useActions();
  return (
    <Button
      className="w-8 px-0! lg:w-auto lg:px-2.5!"
      aria-label="Find an action or a key"
      aria-keyshortcuts="Control+K Meta+K"
      title="Find an action or a key (Ctrl K)"
      onClick={() => show('palette')}
    >
      <Search className="size-4 shrink-0" aria-hidden="true" />
      <span className="hidden font-normal text-quiet lg:inline" aria-hidden="true">
        Find <kbd className="ml-2 text-xs">Ctrl K</kbd>
      </span>
    </Button>
  );
}
