'use client';

import { useEffect } from 'react';

/**
 * The document's title while there is something graver than its name; null: its own. The framework sets that
 * when it comes to it, after a page is shown or another is opened: it is kept, and given back at the end.
 */
export function useTitle(title: string | null): void {
  useEffect(() => {
    if (title === null) return;
    let own = document.title;
    const put = (): void => {
      if (document.title === title) return;
      own = document.title;
      document.title = title;
    };
    put();
    const observer = new MutationObserver(put);
    observer.observe(document.head, { childList: true, characterData: true, subtree: true });
    return () => {
      observer.disconnect();
      document.title = own;
    };
  }, [title]);
}
