import type { StoreRefusal } from '../ports/node-storage.ts';

/**
 * Why a store cannot be used. Every one of these stops the node before it votes
 * or answers, so each message is one line that tells a person what is wrong.
 */
export type StorageErrorCode =
  /** The file cannot be opened or read, or another program holds it. */
  | 'unavailable'
  /** It belongs to another node, another cluster or another program. */
  | 'foreign'
  /** It was written by a newer version of this program. */
  | 'newer'
  /** It was written by an earlier version whose format is no longer read. */
  | 'older'
  /** It is not the store that the node had: that one is gone, with all that it promised. */
  | 'lost'
  /** It is an older state of the store that the node had: what was promised since is gone. */
  | 'rolled-back'
  /** It holds something that was never written: a checksum or an order is wrong. */
  | 'corrupt'
  /** It does not promise what the log needs. */
  | 'not-durable'
  /** It was opened again since: this handle belongs to a node that is over. */
  | 'fenced'
  /** A write failed; whether it is on the disk is unknown. */
  | 'write-failed'
  /** This handle was closed. */
  | 'closed';

/** What is wrong with the store itself; null when it may be sound: that is for a person to mend, and to start the node again. */
export function refusalOf(error: unknown): StoreRefusal | null {
  const code = error instanceof StorageError ? error.code : null;
  switch (code) {
    case 'corrupt':
    case 'rolled-back':
    case 'lost':
    case 'foreign':
      return code;
    default:
      return null;
  }
}

export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Wraps what the database threw while `doing`; `code` is used unless the error itself says more. */
export function asStorageError(
  error: unknown,
  code: 'unavailable' | 'corrupt' | 'write-failed',
  doing: string,
): StorageError {
  if (error instanceof StorageError) return error;
  const { sqliteCode, message } = sqliteError(error);
  const damaged = sqliteCode.startsWith('SQLITE_CORRUPT') || sqliteCode === 'SQLITE_NOTADB';
  const text = sqliteCode === '' ? message : `${message} (${sqliteCode})`;
  return new StorageError(damaged ? 'corrupt' : code, `${doing}: ${text}`, error);
}

/** Whether the file, as far as it could be read, may be sound: the system around it said no. */
export function isOfSystem(error: unknown): boolean {
  if (typeof property(error, 'syscall') === 'string') return true;
  return OF_SYSTEM.some((code) => sqliteError(error).sqliteCode.startsWith(code));
}

const OF_SYSTEM = [
  'SQLITE_AUTH',
  'SQLITE_BUSY',
  'SQLITE_CANTOPEN',
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_LOCKED',
  'SQLITE_NOMEM',
  'SQLITE_PERM',
  'SQLITE_PROTOCOL',
  'SQLITE_READONLY',
];

/** Whether it says that another holds a lock on the file. */
export function isBusy(error: unknown): boolean {
  return sqliteError(error).sqliteCode.startsWith('SQLITE_BUSY');
}

/**
 * SQLite's own words. The driver's error has them; Prisma's adapter keeps them in
 * the cause of its error and puts a guess in front; its client wraps that once more.
 */
function sqliteError(error: unknown): { sqliteCode: string; message: string } {
  const inner = property(property(error, 'meta'), 'driverAdapterError') ?? error;
  const cause = property(inner, 'cause');
  const message = property(cause, 'originalMessage');
  const sqliteCode = property(cause, 'originalCode') ?? property(inner, 'code');
  return {
    sqliteCode: typeof sqliteCode === 'string' && sqliteCode.startsWith('SQLITE') ? sqliteCode : '',
    message:
      typeof message === 'string'
        ? message
        : error instanceof Error
          ? error.message.trim()
          : String(error),
  };
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
