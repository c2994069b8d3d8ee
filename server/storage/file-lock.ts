/**
 * A lock that ends with its process, however that ends: an exclusive transaction
 * on an empty SQLite file, which is a lock of the operating system. A lock that
 * is words in a file has to be taken over from the dead, and two that try at
 * once can both believe that they did.
 */
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { asStorageError, isBusy } from './errors.ts';

export class FileLock {
  private readonly dispose: () => Promise<void>;

  private constructor(dispose: () => Promise<void>) {
    this.dispose = dispose;
  }

  /**
   * Takes the lock on `file`, making it if need be. Null when another holds it,
   * in this process too, for all of `withinMs` (ms, 0 or more; the thread waits).
   * Throws StorageError `unavailable` or `corrupt` when the file cannot be used.
   */
  static async take(file: string, withinMs: number): Promise<FileLock | null> {
    try {
      const factory = new PrismaBetterSqlite3({ url: `file:${file}`, timeout: withinMs });
      const adapter = await factory.connect();
      try {
        await adapter.executeScript('BEGIN EXCLUSIVE');
      } catch (error) {
        await adapter.dispose();
        if (isBusy(error)) return null;
        throw error;
      }
      return new FileLock(() => adapter.dispose());
    } catch (error) {
      throw asStorageError(error, 'unavailable', `cannot lock ${file}`);
    }
  }

  release(): Promise<void> {
    return this.dispose();
  }
}
