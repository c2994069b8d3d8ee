/** Keys that are the server's own: everyone may read them, and no client writes them, by any way. */
const RESERVED_PREFIX = 'chronoraft:';

/** Who did what: one field for each record. */
export const AUDIT_KEY = `${RESERVED_PREFIX}audit`;

export function isReserved(key: string): boolean {
  return key.startsWith(RESERVED_PREFIX);
}
