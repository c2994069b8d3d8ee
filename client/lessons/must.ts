/** `value`, which an earlier step of the same story is sure to have set. */
export function must<T>(value: T | null | undefined, why: string): T {
  if (value === null || value === undefined) throw new Error(`it must be that ${why}`);
  return value;
}
