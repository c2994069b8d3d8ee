/** What a node with little memory is given until it has none. */

/** What V8 may use for what is kept, MB: more than a node that holds nothing needs. */
export const HEAP_MB = 40;
/** Written at the same time. */
export const FIELDS = 8;
const VALUE_CHARS = 60_000;

export function valueOf(n: number): string {
  return `${n} ${'x'.repeat(VALUE_CHARS)}`;
}
