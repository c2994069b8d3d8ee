/**
 * Assertions: what the programmer guarantees, checked in production too. A
 * failed assertion is a bug, never bad input; it ends the worker that met it,
 * because a node that has lost track of its own rules must not go on voting.
 */

/** Thrown by {@link assert}, {@link must} and {@link unreachable}. Never caught to continue. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws {@link AssertionError} unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Returns `value`, which the caller knows to be there for the reason `why`. */
export function must<T>(value: T | null | undefined, why: string): T {
  if (value === null || value === undefined) throw new AssertionError(`missing: ${why}`);
  return value;
}

/** Closes a switch over a union: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
