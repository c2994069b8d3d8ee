/**
 * Makes a failing schedule small: leaves out faults, many at once and then
 * fewer, as long as the run still breaks a rule (delta debugging). What is left
 * need not be the smallest there is, but none of it could be left out alone,
 * unless the budget ran out first.
 */

/**
 * Positions in [0, count) of the faults that are kept. `fails` runs with these
 * alone; it is asked at most `budget` times, and is taken to hold for all.
 */
export function shrink(
  count: number,
  fails: (kept: readonly number[]) => boolean,
  budget: number,
): readonly number[] {
  let kept: readonly number[] = Array.from({ length: count }, (_, i) => i);
  let left = budget;
  let size = Math.ceil(count / 2);
  while (size >= 1) {
    let shrunk = false;
    for (let from = 0; from < kept.length; ) {
      if (left-- <= 0) return kept;
      const fewer = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (fails(fewer)) {
        kept = fewer;
        shrunk = true;
      } else from += size;
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (!shrunk) return kept;
  }
  return kept;
}
