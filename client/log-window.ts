/**
 * Which rows of a long log a list holds at once. Browsers cut an element off
 * somewhere beyond ten million pixels, so a list holds a window of the log that
 * slides, in steps, as one scrolls towards its edge: rows keep their place on
 * the screen, and every entry from the first on can be reached.
 */

/** Rows of one window: at 27 px each, 10.8 million pixels. */
export const WINDOW_ROWS = 400_000;
/**
 * Rows of a list that follows the end. They are so many that one can scroll away from the end, and
 * always as many, so that a long log moves through them without anything being scrolled.
 */
const TAIL_ROWS = 4000;
/** A window slides so far at once, so that rows seldom change their place in it. */
const STEP_ROWS = 100_000;
/** It slides when one is this near to its edge. */
const EDGE_ROWS = 2000;

/** First index of the rows that a list holds while it follows the end `last` of the log. */
export function tailRow(last: number): number {
  return Math.max(1, last - TAIL_ROWS + 1);
}

/** First index of the last window of a log that ends at `last`. */
export function firstRow(last: number): number {
  return 1 + Math.max(0, Math.ceil((last - WINDOW_ROWS) / STEP_ROWS)) * STEP_ROWS;
}

/** Last index of the window that begins at `first`. */
export function lastRow(first: number, last: number): number {
  return Math.min(last, first + WINDOW_ROWS - 1);
}

/** First index of a window with `index` well inside it: `first` itself where that serves. */
export function windowWith(index: number, first: number, last: number): number {
  const slid = slide(first, index, index, last);
  if (index >= slid && index <= lastRow(slid, last)) return slid;
  return firstRow(Math.min(last, index + WINDOW_ROWS / 2));
}

/** First index of the window when rows `top` to `bottom` of that from `first` on are in sight. */
export function slide(first: number, top: number, bottom: number, last: number): number {
  if (top - first < EDGE_ROWS) return Math.max(1, first - STEP_ROWS);
  const end = lastRow(first, last);
  if (end < last && end - bottom < EDGE_ROWS) return Math.min(firstRow(last), first + STEP_ROWS);
  return first;
}
