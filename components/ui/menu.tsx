'use client';

import clsx from 'clsx';
import { useId, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { Button } from './button.tsx';

export interface MenuItem {
  readonly label: string;
  readonly hint: string;
  readonly tone?: 'danger';
  /** Why it cannot be chosen now. */
  readonly disabledBecause: string | null;
  run(): void;
}

interface MenuProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly items: readonly MenuItem[];
  readonly className?: string;
}

/** Between the button and its list, and the list and the edge of the window, px. */
const GAP_PX = 4;
const EDGE_PX = 8;

/** A button that opens a list of further actions above all else: arrows move, Escape closes, focus comes back. */
export function Menu({ label, icon, items, className }: MenuProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLSpanElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const show = (): void => {
    const menu = list.current;
    const anchor = button.current?.getBoundingClientRect();
    if (menu === null || anchor === undefined) return;
    menu.showPopover();
    const { width, height } = menu.getBoundingClientRect();
    const below = anchor.bottom + GAP_PX;
    const fits = below + height <= window.innerHeight - EDGE_PX;
    menu.style.top = `${Math.max(EDGE_PX, fits ? below : anchor.top - GAP_PX - height)}px`;
    menu.style.left = `${Math.max(EDGE_PX, anchor.right - width)}px`;
    menu.querySelector<HTMLElement>('[role=menuitem]')?.focus();
  };
  const hide = (): void => list.current?.hidePopover();
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (event.key === 'Tab') hide();
    if (step === undefined) return;
    event.preventDefault();
    move(list.current, step);
  };
  return (
    <>
      <span ref={button} className="inline-flex">
        <Button
          aria-label={label}
          title={label}
          aria-haspopup="menu"
          aria-expanded={open}
          aria-controls={id}
          size="narrow"
          className={className}
          onClick={() => (open ? hide() : show())}
        >
          {icon}
        </Button>
      </span>
      {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- its items take the focus */}
      <div
        ref={list}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        onKeyDown={onKeyDown}
        onToggle={(event) => setOpen(event.newState === 'open')}
        className="fixed inset-auto m-0 w-64 rounded-lg border border-line-strong bg-raised p-1 text-text shadow-lg"
      >
        {items.map((item) => (
          <button
            key={item.label}
            type="button"
            role="menuitem"
            tabIndex={-1}
            aria-disabled={item.disabledBecause !== null}
            onClick={() => {
              if (item.disabledBecause !== null) return;
              hide();
              item.run();
            }}
            className={clsx(
              'block min-h-11 w-full rounded-md px-2.5 py-1.5 text-left text-sm hover:bg-line focus-visible:bg-line',
              item.tone === 'danger' && 'text-danger',
              item.disabledBecause !== null && 'opacity-45',
            )}
          >
            <span className="block font-medium">{item.label}</span>
            <span className="block text-xs text-quiet">{item.disabledBecause ?? item.hint}</span>
          </button>
        ))}
      </div>
    </>
  );
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

function move(list: HTMLElement | null, step: number): void {
  const items = [...(list?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + step + items.length) % items.length]?.focus();
}
