/** Why a store cannot be used. Every one of these stops the node before it votes or answers. */
export type StorageErrorCode =
  /** The file cannot be opened or written, or another process holds it. */
  | 'unavailable'
  /** It belongs to another node or another cluster. */
  | 'foreign'
  /** It was written by a newer version of this program. */
  | 'newer'
  /** It holds something that was never written: a checksum or an order is wrong. */
  | 'corrupt'
  /** It does not promise what the log needs. */
  | 'not-durable';

export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
