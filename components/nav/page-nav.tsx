import type { PageId } from './pages.ts';
import { PageMenu } from './page-menu.tsx';
import { PageTabs } from './page-tabs.tsx';

/** The way to the other pages: tabs where there is room, one button with the same links on a phone. */
export function PageNav({ here }: { readonly here: PageId }) {
  return (
    <nav aria-label="Pages" className="flex h-full items-center">
      <div className="hidden h-full sm:flex">
        <PageTabs here={here} />
      </div>
      <div className="sm:hidden">
        <PageMenu here={here} />
      </div>
    </nav>
  );
}
