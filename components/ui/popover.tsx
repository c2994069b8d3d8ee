'use client';

import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';

interface PopoverProps {
  readonly label: string;
  /** Beside what it stands. */
  readonly anchor: Element;
  onClose(): void;
  readonly children: ReactNode;
}

/** Between the anchor and the box, and the box and the edge of the window, px. */
const GAP_PX = 6;
const EDGE_PX = 8;

/** A small box beside what it is about; a click elsewhere or Escape closes it, and focus goes back. */
export function Popover({ label, anchor, onClose, children }: PopoverProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    if (!element.matches(':popover-open')) element.showPopover();
    const { width, height } = element.getBoundingClientRect();
    const beside = anchor.getBoundingClientRect();
    const below = beside.bottom + GAP_PX;
    const top =
      below + height <= window.innerHeight - EDGE_PX ? below : beside.top - GAP_PX - height;
    const left = beside.left + beside.width / 2 - width / 2;
    element.style.top = `${within(top, window.innerHeight - height)}px`;
    element.style.left = `${within(left, window.innerWidth - width)}px`;
    element.querySelector<HTMLElement>('button, input')?.focus();
  }, [anchor]);
  return (
    <div
      ref={box}
      popover="auto"
      role="dialog"
      aria-label={label}
      onToggle={(event) => {
        if (event.newState === 'closed') onClose();
      }}
      className="fixed inset-auto m-0 max-h-[calc(100dvh-1rem)] w-88 max-w-[calc(100vw-1rem)] overflow-y-auto rounded-lg border border-line-strong bg-raised p-3 text-text shadow-lg"
    >
      {children}
    </div>
  );
}

function within(at: number, most: number): number {
  return Math.max(EDGE_PX, Math.min(at, most - EDGE_PX));
}
