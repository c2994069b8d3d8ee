import type { LineStyle } from '../../client/chart-rows.ts';

/** `stroke-dasharray` of each form of line. */
export const DASHES: Readonly<Record<LineStyle, string>> = {
  solid: '0',
  dashed: '5 3',
  dotted: '1.5 2.5',
  'dash-dot': '7 2.5 1.5 2.5',
  long: '10 3',
};

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const small = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });

export function figure(value: number): string {
  return value > 0 && value < 1 ? small.format(value) : compact.format(value);
}
