/**
 * Tokens as they are written down: a line each, `name role token [until]`. In
 * place of the token may stand `sha256:` and its hash in hexadecimal digits.
 * Only hashes are kept.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { Role } from '../../contracts/access.ts';

/** Shorter ones could be guessed. */
export const MIN_TOKEN_CHARS = 20;
const NAME = /^[\w.@-]{1,64}$/;
const VISIBLE = /^[\x21-\x7e]+$/;
const HASH = /^sha256:([0-9a-f]{64})$/i;

/** Tokens that cannot be used. The message is one line for a person and holds no token. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

export interface TokenRecord {
  /** Who it was given to; several tokens may have one name. */
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the token. */
  readonly hash: Buffer;
  /** Epoch ms; null: it does not end. */
  readonly expiresAtMs: number | null;
}

export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** `where` is what a person would look for. Throws {@link TokenError}. */
export function parseTokens(text: string, where: string): readonly TokenRecord[] {
  const records: TokenRecord[] = [];
  for (const [at, line] of text.split(/[\n;]/).entries()) {
    const words = line.trim();
    if (words === '' || words.startsWith('#')) continue;
    const record = parseLine(words.split(/\s+/), `${where}, line ${at + 1}`);
    if (records.some(({ hash }) => hash.equals(record.hash)))
      throw new TokenError(`${where}, line ${at + 1}: the token stands there twice`);
    records.push(record);
  }
  if (records.length === 0) throw new TokenError(`${where} has no token`);
  return records;
}

function parseLine(
  [name = '', role, token = '', until, ...more]: string[],
  where: string,
): TokenRecord {
  if (!NAME.test(name))
    throw new TokenError(`${where}: a name is 1 to 64 letters, digits or _ . @ -`);
  const known = Role.safeParse(role);
  if (!known.success) throw new TokenError(`${where}: the role is viewer or operator`);
  const hashed = HASH.exec(token)?.[1];
  if (hashed === undefined && (token.length < MIN_TOKEN_CHARS || !VISIBLE.test(token)))
    throw new TokenError(
      `${where}: a token has at least ${MIN_TOKEN_CHARS} visible ASCII characters`,
    );
  const expiresAtMs = until === undefined ? null : Date.parse(until);
  if (more.length > 0 || Number.isNaN(expiresAtMs))
    throw new TokenError(`${where}: after the token may stand one time, like 2030-01-31T12:00:00Z`);
  const hash = hashed === undefined ? hashOf(token) : Buffer.from(hashed, 'hex');
  return { name, role: known.data, hash, expiresAtMs };
}

/** `setting` names the file. Throws {@link TokenError} also for a file that others may read. */
export function readTokenFile(file: string, setting = 'AUTH_TOKENS_FILE'): readonly TokenRecord[] {
  const where = `${setting}=${file}`;
  let text: string;
  try {
    const { mode } = statSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new TokenError(
        `${where} may be read by others (mode ${(mode & 0o777).toString(8)}): chmod 600 it`,
      );
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof TokenError) throw error;
    throw new TokenError(`${where} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  return parseTokens(text, where);
}
