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
    target.closest('input:not([type=range]), select, textarea, dialog, [contenteditable]') !== null
  );
}

export function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

/** A page that is not there after this long does not come, ms. */
const COMES_WITHIN_MS = 5000;

/** Of what is on a page that is on its way. */
export function focusWhenThere(selector: string): void {
  const observer = new MutationObserver(() => {
    if (document.querySelector(selector) === null) return;
    end();
    focusOn(selector);
  });
  const timer = setTimeout(() => end(), COMES_WITHIN_MS);
  const end = (): void => {
    clearTimeout(timer);
    observer.disconnect();
  };
  observer.observe(document.body, { childList: true, subtree: true });
}
