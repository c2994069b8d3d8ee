/** Lengths of time as people type and read them: "90s", "15m", "12h", "7d", "2w". */

const UNITS = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;
const TEXT = /^\s*(\d{1,12})\s*(ms|s|m|h|d|w)\s*$/i;

/** Milliseconds ≥ 1; null for what is no length of time. */
export function parseDuration(text: string): number | null {
  const [, count = '', unit = ''] = TEXT.exec(text) ?? [];
  const ms = UNITS.find(([name]) => name === unit.toLowerCase())?.[1] ?? 0;
  const product = Number(count) * ms;
  return product >= 1 && Number.isSafeInteger(product) ? product : null;
}

/** The largest unit that tells it exactly. */
export function formatDuration(ms: number): string {
  const [unit, length] = UNITS.find(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / length}${unit}`;
}

/** A length of time as it is told: "4 min 12 s", "48 s", "15 min". */
export function lengthInWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes === 0) return `${rest} s`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}
