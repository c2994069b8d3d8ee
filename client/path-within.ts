/** A place within these pages: whatever leads elsewhere becomes the first page. */
export function pathWithin(wanted: string, origin: string): string {
  if (!URL.canParse(wanted, origin)) return '/';
  const url = new URL(wanted, origin);
  const isWithin = url.origin === origin && wanted.startsWith('/');
  return isWithin ? `${url.pathname.replace(/^\/+/, '/')}${url.search}${url.hash}` : '/';
}
