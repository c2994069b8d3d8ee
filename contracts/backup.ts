/** Backups and what becomes of them, as they cross HTTP (version 1). */
import * as z from 'zod';
import { Problem } from './errors.ts';
import { Revision, TimestampMs } from './kv.ts';

export const BACKUP_FORMAT = 'chronoraft-backup';

/** First line of the file of a backup: what of whom it holds, known as of which revision. */
export const BackupHeader = z.strictObject({
  format: z.literal(BACKUP_FORMAT),
  version: z.literal(1),
  cluster: z.string().min(1).max(128).describe('The cluster that it was made of.'),
  madeAt: z.string().max(64).describe("When, by the server's clock: ISO 8601, for people."),
  prefix: z.string().nullable().describe('Of keys that begin with this; null: of all.'),
  at: TimestampMs.describe('The view that a restore of the present brings back.'),
  asOf: Revision.describe('Every version that was known then is in the file.'),
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
  versions: z.number().int().describe('In the file.'),
  written: z
    .number()
    .int()
    .describe(
      'Fields that were brought back, changed or taken away; of a history, versions that were added.',
    ),
  firstRevision: Revision.nullable().describe(
    'Of the first and the last entry that wrote; null when there was nothing to do.',
  ),
  lastRevision: Revision.nullable(),
  timestamp: TimestampMs.nullable().describe(
    'The instant at which the store shows what the file does; null for a history, which has times of its own.',
  ),
});
export type BackupRestoreAnswer = z.infer<typeof BackupRestoreAnswer>;

export const RestoreProgress = z.object({
  mode: RestoreMode,
  phase: z.enum(['receiving', 'checking', 'writing']),
  receivedBytes: z.number().int(),
  versions: z.number().int().nullable().describe('In the file; null until all of it is checked.'),
  passed: z.number().int().describe('Of them, those that the phase has gone through.'),
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
