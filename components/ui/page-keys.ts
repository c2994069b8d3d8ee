'use client';

import { useEffect, useEffectEvent } from 'react';

/** Hears the keys of the page; they rest while someone types. */
export function usePageKeys(onKey: (event: KeyboardEvent) => void): void {
  const hear = useEffectEvent((event: KeyboardEvent) => {
    if (!isTyping(event)) onKey(event);
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => hear(event);
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}

function isTyping({ target, altKey, ctrlKey, metaKey }: KeyboardEvent): boolean {
  if (altKey || ctrlKey || metaKey) return true;
  return (
    target instanceof Element &&
    target.closest('input, select, textarea, dialog, [contenteditable]') !== null
  );
}

/** Without the key itself arriving in the box. */
export function goTo(event: KeyboardEvent, selector: string): void {
  event.preventDefault();
  focusOn(selector);
}

export function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}
