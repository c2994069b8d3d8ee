'use client';

import clsx from 'clsx';
import { X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';

interface SheetProps {
  readonly title: string;
  readonly open: boolean;
  /** As wide as the screen lets it. */
  readonly wide?: boolean;
  onClose(): void;
  readonly children: ReactNode;
}

/** A modal sheet on the browser's own dialog, which holds the focus and closes on Escape. Its text has one size, wherever it is opened from. */
export function Sheet({ title, open, wide = false, onClose, children }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);
  return (
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- a click beside the sheet closes it; Escape is the browser's
    <dialog
      ref={dialog}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      className={clsx(
        'm-auto max-h-[90dvh] rounded-lg border border-line-strong bg-surface text-md backdrop:bg-page/70',
        wide ? 'w-[min(64rem,calc(100vw-2rem))]' : 'w-[min(44rem,calc(100vw-2rem))]',
      )}
    >
      {open && (
        <div className="flex flex-col gap-4 p-5">
          <div className="flex items-start justify-between gap-3">
            <h2 className="text-xl font-semibold">{title}</h2>
            <Button tone="bare" className="px-2" aria-label="Close" onClick={onClose}>
              <X className="size-4" aria-hidden="true" />
            </Button>
          </div>
          {children}
        </div>
      )}
    </dialog>
  );
}
