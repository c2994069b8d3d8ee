'use client';

import { useEffect, useState } from 'react';
import type { RefObject } from 'react';
import type { Size } from './geometry.ts';

export interface StageSizes {
  readonly stage: Size;
  readonly card: Size;
}

/** The measured sizes of the stage and of the cards on it; null until it is drawn. */
export function useStageSizes(
  stage: RefObject<HTMLElement | null>,
  cardSelector: string,
): StageSizes | null {
  const [sizes, setSizes] = useState<StageSizes | null>(null);
  useEffect(() => {
    const element = stage.current;
    if (element === null) return;
    const measure = (): void => {
      const card = element.querySelector<HTMLElement>(cardSelector);
      if (card === null) return;
      const next = { stage: sizeOf(element), card: sizeOf(card) };
      setSizes((old) => (old !== null && isSame(old, next) ? old : next));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    for (const card of element.querySelectorAll(cardSelector)) observer.observe(card);
    return () => observer.disconnect();
  }, [stage, cardSelector]);
  return sizes;
}

function sizeOf({ offsetWidth, offsetHeight }: HTMLElement): Size {
  return { width: offsetWidth, height: offsetHeight };
}

function isSame(a: StageSizes, b: StageSizes): boolean {
  return (
    a.stage.width === b.stage.width &&
    a.stage.height === b.stage.height &&
    a.card.width === b.card.width &&
    a.card.height === b.card.height
  );
}
