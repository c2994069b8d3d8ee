/** Backups and what becomes of them, as they cross HTTP (version 1). */
import * as z from 'zod';
import { Problem } from './errors.ts';
import { Revision, TimestampMs } from './kv.ts';

export const BACKUP_FORMAT = 'chronoraft-backup';

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

/**
 * `present`: the present becomes what the file's view shows. `history`: all versions of the file,
 * with their times, where there are none.
 */
export const RestoreMode = z.enum(['present', 'history']);
export type RestoreMode = z.infer<typeof RestoreMode>;

/** Answer of `POST /api/v1/backup/restore`. */
export const BackupRestoreAnswer = z.object({
  outcome: z.literal('committed'),
  mode: RestoreMode,
  backup: BackupHeader,
  /** In the file. */
  versions: z.number().int(),
  /** Fields that were brought back, changed or taken away; of a history, versions that were added. */
  written: z.number().int(),
  /** Of the first and the last entry that wrote; null when there was nothing to do. */
  firstRevision: Revision.nullable(),
  lastRevision: Revision.nullable(),
  /** The instant at which the store shows what the file does; null for a history, which has times of its own. */
  timestamp: TimestampMs.nullable(),
});
export type BackupRestoreAnswer = z.infer<typeof BackupRestoreAnswer>;

export const RestoreProgress = z.object({
  mode: RestoreMode,
  phase: z.enum(['receiving', 'checking', 'writing']),
  receivedBytes: z.number().int(),
  /** In the file; null until all of it is checked. */
  versions: z.number().int().nullable(),
  /** Of them, those that the phase has gone through. */
  passed: z.number().int(),
  written: z.number().int(),
});
export type RestoreProgress = z.infer<typeof RestoreProgress>;

/** Answer of `GET /api/v1/backup/restore`: the restore that runs, and how the last one since the server's start ended. */
export const RestoreStatus = z.object({
  running: RestoreProgress.nullable(),
  last: z
    .discriminatedUnion('ok', [
      z.object({ ok: z.literal(true), answer: BackupRestoreAnswer }),
      z.object({ ok: z.literal(false), problem: Problem }),
    ])
    .nullable(),
});
export type RestoreStatus = z.infer<typeof RestoreStatus>;
