/** Backups and what becomes of them, as they cross HTTP (version 1). */
import * as z from 'zod';
import { Revision, TimestampMs } from './kv.ts';

export const BACKUP_FORMAT = 'chronoraft-backup';
/** Of the file, with the charset that it is always in. */
export const BACKUP_TYPE = 'application/x-ndjson';

/** First line of the file of a backup: what of whom it holds, known as of which revision. */
export const BackupHeader = z.strictObject({
  format: z.literal(BACKUP_FORMAT),
  version: z.literal(1),
  /** The cluster that it was made of. */
  cluster: z.string().min(1).max(128),
  /** When, by the server's clock: ISO 8601, for people. */
  madeAt: z.string().max(64),
  /** Of keys that begin with this; null: of all. */
  prefix: z.string().nullable(),
  /** The view that a restore of the present brings back. */
  at: TimestampMs,
  /** Every version that was known then is in the file. */
  asOf: Revision,
});
export type BackupHeader = z.infer<typeof BackupHeader>;
