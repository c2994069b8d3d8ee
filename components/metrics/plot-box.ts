/** Room round the lines of a chart, px: what lies over them must lie exactly there. */
export const PLOT = { top: 8, right: 6, bottom: 18, left: 36 } as const;
