/** The presentation as the address holds it: `?present=1`, and beside it which part is shown and on what paper. */

export const SHOWS = ['both', 'stage', 'log'] as const;
/** What fills the screen. */
export type Show = (typeof SHOWS)[number];

export interface PresentState {
  /** Null while there is no presentation. */
  readonly show: Show | null;
  readonly paper: 'light' | 'dark';
}

export function readPresent(params: { get(name: string): string | null }): PresentState {
  const asked = params.get('show');
  const show = SHOWS.find((each) => each === asked) ?? 'both';
  return {
    show: params.get('present') === '1' ? show : null,
    paper: params.get('paper') === 'dark' ? 'dark' : 'light',
  };
}

/** The query of an address: `before` with this state in it; other parameters stay. */
export function writePresent({ show, paper }: PresentState, before: string): string {
  const params = new URLSearchParams(before);
  const set = (name: string, value: string | null): void => {
    if (value === null) params.delete(name);
    else params.set(name, value);
  };
  set('present', show === null ? null : '1');
  set('show', show === null || show === 'both' ? null : show);
  set('paper', show === null || paper === 'light' ? null : paper);
  return params.toString();
}

/** The next part or the one before, as a remote control steps; the ends meet. */
export function stepShow(show: Show, step: 1 | -1): Show {
  const at = SHOWS.indexOf(show) + step + SHOWS.length;
  return SHOWS[at % SHOWS.length] ?? 'both';
}
