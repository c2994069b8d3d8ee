'use client';

import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { Sheet } from './sheet.tsx';

interface HelpSheetProps {
  readonly open: boolean;
  onOpen(open: boolean): void;
  readonly children: ReactNode;
}

/** The button with the question mark, and what it opens. */
export function HelpSheet({ open, onOpen, children }: HelpSheetProps) {
  return (
    <>
      <Button
        className="w-8 px-0 font-mono"
        aria-label="Help and keys"
        title="Help and keys (?)"
        onClick={() => onOpen(true)}
      >
        ?
      </Button>
      <Sheet title="What you are looking at" open={open} onClose={() => onOpen(false)}>
        {children}
      </Sheet>
    </>
  );
}
