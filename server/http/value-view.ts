/** A value as the contract has it. */
import type { Value } from '../../contracts/kv.ts';

export function valueView(value: string | readonly string[]): Value {
  return typeof value === 'string' ? value : [...value];
}
