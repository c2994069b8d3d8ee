/** The pages of the dashboard, in the order of the bar. A new page is one line here. */
export const PAGES = [
  { id: 'live', href: '/', name: 'Live' },
  { id: 'log', href: '/log', name: 'Log' },
  { id: 'keys', href: '/keys', name: 'Keys' },
  { id: 'metrics', href: '/metrics', name: 'Metrics' },
  { id: 'chaos', href: '/chaos', name: 'Chaos' },
] as const;

export type PageId = (typeof PAGES)[number]['id'];

/** The page that an address belongs to; the first one where no other fits. */
export function pageAt(pathname: string): PageId {
  const page = PAGES.find(
    ({ href }) => href !== '/' && (pathname === href || pathname.startsWith(`${href}/`)),
  );
  return page?.id ?? PAGES[0].id;
}
