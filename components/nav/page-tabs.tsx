import clsx from 'clsx';
import Link from 'next/link';
import { PAGES } from './pages.ts';
import type { PageId } from './pages.ts';

export function PageTabs({ here }: { readonly here: PageId }) {
  return PAGES.map(({ id, href, name }) => (
    <Link
      key={id}
      href={href}
      aria-current={id === here ? 'page' : undefined}
      className={clsx(
        'flex items-center border-b-2 px-3 text-sm -outline-offset-2',
        id === here
          ? 'border-text font-medium'
          : 'border-transparent text-quiet hover:border-line-strong hover:text-text',
      )}
    >
      {name}
    </Link>
  ));
}
