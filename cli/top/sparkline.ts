/** A row of blocks, each as high as its value beside the highest; a gap where there was none. */

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

export function sparkline(values: readonly (number | null)[]): string {
  const most = Math.max(0, ...values.filter((value) => value !== null));
  return values.map((value) => (value === null ? ' ' : blockOf(value, most))).join('');
}

function blockOf(value: number, most: number): string {
  if (most === 0) return BLOCKS[0];
  const step = Math.round((Math.max(0, value) / most) * (BLOCKS.length - 1));
  return BLOCKS[step] ?? BLOCKS[0];
}
