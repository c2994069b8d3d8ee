'use client';

import { useEffect, useState } from 'react';
import type { RefObject } from 'react';

/** The inner width of what is held, px, as it changes; 0 before the first measure. */
export function useWidth(held: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = held.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [held]);
  return width;
}
