import clsx from 'clsx';
import { ChevronDown } from 'lucide-react';
import Link from 'next/link';
import { buttonClass } from '../ui/button.tsx';
import { PAGES } from './pages.ts';
import type { PageId } from './pages.ts';

const LIST = 'page-list';

/** Names the page that is open and opens the list of all: the browser's own popover, so Escape and a tap beside it close it. */
export function PageMenu({ here }: { readonly here: PageId }) {
  const name = PAGES.find(({ id }) => id === here)?.name;
  return (
    <>
      <button
        type="button"
        popoverTarget={LIST}
        className={buttonClass({ tone: 'bare', className: 'px-1.5' })}
      >
        <span className="sr-only">Pages: </span>
        {name}
        <ChevronDown className="size-4 text-quiet" aria-hidden="true" />
      </button>
      <ul
        id={LIST}
        popover="auto"
        className="fixed inset-auto top-12 left-2 m-0 w-56 rounded-lg border border-line-strong bg-raised p-1 text-text shadow-lg"
      >
        {PAGES.map((page) => (
          <li key={page.id}>
            <Link
              href={page.href}
              aria-current={page.id === here ? 'page' : undefined}
              className={clsx(
                'flex min-h-11 items-center rounded-md border-l-2 px-3 hover:bg-line',
                page.id === here ? 'border-text font-medium' : 'border-transparent',
              )}
            >
              {page.name}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
