/** The work that both systems are given: values of 100 bytes over 1,000 names. */

export const VALUE = 'v'.repeat(100);
export const NAMES = 1000;

export function nameOf(i: number): string {
  return `k${i % NAMES}`;
}
