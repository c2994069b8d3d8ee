'use client';

import clsx from 'clsx';
import { Check } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { Button } from './button.tsx';

export interface MenuItem {
  readonly label: string;
  readonly hint: string;
  readonly tone?: 'danger';
  /** For one choice of several: whether it is the one. */
  readonly checked?: boolean;
  /** Why it cannot be chosen now. */
  readonly disabledBecause: string | null;
  run(): void;
  /** It is pointed at or holds the focus, or no more. */
  onPoint?(isPointed: boolean): void;
}

interface MenuProps {
  readonly label: string;
  /** What a pointer on the button is told; its label unless given. */
  readonly title?: string;
  readonly icon: ReactNode;
  readonly items: readonly MenuItem[];
  readonly size?: 'normal' | 'narrow';
  readonly disabledBecause?: string | null;
  readonly className?: string;
}

/** Between the button and its list, and the list and the edge of the window, px. */
const GAP_PX = 4;
const EDGE_PX = 8;

/** A button that opens a list of further actions above all else: arrows move, Escape closes, focus comes back. */
export function Menu({
  label,
  title = label,
  icon,
  items,
  size = 'narrow',
  disabledBecause = null,
  className,
}: MenuProps) {
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
    // Rather over the button than above it: what the choice would do is said at the top of the page.
    const lowest = window.innerHeight - EDGE_PX - height;
    menu.style.top = `${Math.max(EDGE_PX, Math.min(anchor.bottom + GAP_PX, lowest))}px`;
    menu.style.left = `${Math.max(EDGE_PX, anchor.right - width)}px`;
    menu.querySelector<HTMLElement>(ITEMS)?.focus();
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
          title={title}
          aria-haspopup="menu"
          aria-expanded={open}
          aria-controls={id}
          size={size}
          disabledBecause={disabledBecause}
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
        className="fixed inset-auto m-0 max-h-[calc(100dvh-1rem)] w-64 overflow-y-auto rounded-lg border border-line-strong bg-raised p-1 text-text shadow-lg"
      >
        {items.map((item) => (
          <button
            key={item.label}
            type="button"
            role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
            aria-checked={item.checked}
            tabIndex={-1}
            aria-disabled={item.disabledBecause !== null}
            onPointerEnter={() => item.onPoint?.(true)}
            onPointerLeave={() => item.onPoint?.(false)}
            onFocus={() => item.onPoint?.(true)}
            onBlur={() => item.onPoint?.(false)}
            onClick={(event) => {
              // The list may open under the pointer: the second click of a double click chooses nothing.
              if (item.disabledBecause !== null || event.detail > 1) return;
              hide();
              item.run();
            }}
            className={clsx(
              'block min-h-11 w-full rounded-md px-2.5 py-1.5 text-left text-sm hover:bg-line focus-visible:bg-line',
              item.tone === 'danger' && 'text-danger',
              item.disabledBecause !== null && 'opacity-45',
            )}
          >
            <span className="flex items-center justify-between font-medium">
              {item.label}
              {item.checked === true && <Check className="size-4" aria-hidden="true" />}
            </span>
            <span className="block text-xs text-quiet">{item.disabledBecause ?? item.hint}</span>
          </button>
        ))}
      </div>
    </>
  );
}

const ITEMS = '[role^=menuitem]';
const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

function move(list: HTMLElement | null, step: number): void {
  const items = [...(list?.querySelectorAll<HTMLElement>(ITEMS) ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + step + items.length) % items.length]?.focus();
}
