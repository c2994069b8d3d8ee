/** Where an open lesson stands: `over` the page, in its corner, or `beside` what a presentation shows. */
export type Place = 'over' | 'beside';

/** What the panel of a lesson looks like there. */
export function panelClass(place: Place): string {
  const shape = 'flex flex-col border border-line-strong bg-surface';
  return place === 'beside'
    ? `${shape} min-h-0 flex-[2] rounded-lg border-2`
    : `${shape} enters fixed inset-x-0 bottom-16 z-20 max-h-[50dvh] rounded-t-lg shadow-lg sm:inset-x-auto sm:right-4 sm:bottom-19 sm:w-[min(35.5rem,calc(100vw-2rem))] sm:rounded-lg`;
}
