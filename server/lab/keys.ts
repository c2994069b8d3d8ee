/** The keys of a run: under a prefix of its own, so that nobody's data is touched. */

export const FIELD = 'value';
const COUNTER_EVERY = 4;

export function prefixOf(id: string): string {
  return `chaos/${id}/`;
}

/** Without the prefix. */
export function shortName(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

/** Every fourth is a counter. */
export function keysOf(id: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    const kind = (i + 1) % COUNTER_EVERY === 0 ? 'counter' : 'register';
    return `${prefixOf(id)}${kind}-${String(i + 1).padStart(2, '0')}`;
  });
}

export function isCounter(key: string): boolean {
  return key.includes('/counter-');
}
