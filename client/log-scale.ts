/** A slider's steps for times from 0 to 2,000 ms, fine where they are short. */
export const LOG_STEPS = 100;
export const LOG_MOST_MS = 2000;

export function msAt(step: number): number {
  return step <= 0 ? 0 : Math.round(LOG_MOST_MS ** ((step - 1) / (LOG_STEPS - 1)));
}

/** The step whose time is nearest; the last one for longer times. */
export function stepOf(ms: number): number {
  if (ms < 1) return 0;
  const step = 1 + (Math.log(ms) / Math.log(LOG_MOST_MS)) * (LOG_STEPS - 1);
  return Math.min(LOG_STEPS, Math.round(step));
}
