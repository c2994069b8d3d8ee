/** A cell as the key of a map: no two cells share a name. */
import type { Cell } from './types.ts';

export function cellName({ key, field }: Cell): string {
  return JSON.stringify([key, field]);
}
