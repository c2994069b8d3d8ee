/** Watches, backups, restores of files, and retention. */
import * as z from 'zod';
import { BackupRestoreAnswer, RestoreMode, RestoreStatus } from '../backup.ts';
import { BACKUP_TYPE } from '../backup-type.ts';
import { digits } from '../digits.ts';
import { Revision } from '../kv.ts';
import { RetentionAnswer, RetentionBody } from '../retention.ts';
import { BatchView, WatchEnd, WatchLagging, WatchProgress } from '../watch.ts';
import { operation } from './operation.ts';
import { asOf, at, readErrors, scope, timeoutHeader } from './reads.ts';
import { writeErrors } from './writes.ts';

export const LINES_TYPE = `${BACKUP_TYPE}; charset=utf-8`;

export const files = {
  watch: operation({
    id: 'watch',
    method: 'GET',
    path: '/api/v1/watch',
    tag: 'Watch',
    summary: 'Every change of a scope, as it happens',
    description:
      'Server-sent events: `changes`, one for each revision; `progress`, when all up to a revision is told; `lagging`, to a reader that is too slow; and at last `end`. The id of each is the revision up to which all is told: go on after it with `Last-Event-ID`. Each change is told once, in order.',
    query: z.strictObject({
      ...scope,
      after: digits
        .pipe(Revision)
        .optional()
        .describe('Begins with the revision after this one. Left out: from now on.'),
    }),
    headers: {
      ...timeoutHeader,
      'Last-Event-ID': digits
        .pipe(Revision)
        .optional()
        .describe('As `after`, and before it: what a browser sends that was cut off.'),
    },
    otherAnswers: [
      {
        status: 200,
        type: 'text/event-stream; charset=utf-8',
        description: 'Events without end, until the reader goes away.',
        events: {
          changes: BatchView,
          progress: WatchProgress,
          lagging: WatchLagging,
          end: WatchEnd,
        },
      },
    ],
    errors: [...readErrors, 'NODE_DOWN'],
  }),
  backup: operation({
    id: 'takeBackup',
    method: 'GET',
    path: '/api/v1/backup',
    tag: 'Files',
    summary: 'All versions known at one revision, as a file',
    description:
      'JSON lines with checksums, while writes go on. A backup that broke off has no last line, and is refused by a restore.',
    query: z.strictObject({
      prefix: z.string().optional().describe('Only keys that begin with this.'),
      at,
      asOf,
    }),
    headers: timeoutHeader,
    otherAnswers: [{ status: 200, type: LINES_TYPE, description: 'The file.' }],
    errors: readErrors,
  }),
  restoreStatus: operation({
    id: 'getRestoreStatus',
    method: 'GET',
    path: '/api/v1/backup/restore',
    tag: 'Files',
    summary: 'How far the restore of a file is, and how the last one ended',
    answer: RestoreStatus,
    errors: [],
  }),
  restoreFile: operation({
    id: 'restoreBackup',
    method: 'POST',
    path: '/api/v1/backup/restore',
    tag: 'Files',
    summary: 'Restore a backup',
    description:
      'Nothing is written before all of the file has come and was found whole. `present`: what the file shows becomes the present of its keys. `history`: all its versions, where there are none. One that was not finished, done again, goes on.',
    query: z.strictObject({
      mode: RestoreMode.optional().describe('`present` when left out.'),
    }),
    file: { type: BACKUP_TYPE, description: 'A file as a backup makes it.' },
    answer: BackupRestoreAnswer,
    errors: [
      ...writeErrors,
      'BAD_BACKUP',
      'RESTORE_RUNNING',
      'NO_SPACE',
      'NOT_EMPTY',
      'OUT_OF_RANGE',
      'READ_TIMEOUT',
      'REVISION_NOT_YET',
    ],
  }),
  retention: operation({
    id: 'getRetention',
    method: 'GET',
    path: '/api/v1/retention',
    tag: 'Files',
    summary: 'What may be forgotten, and what is',
    headers: timeoutHeader,
    answer: RetentionAnswer,
    errors: readErrors,
  }),
  setRetention: operation({
    id: 'setRetention',
    method: 'PUT',
    path: '/api/v1/retention',
    tag: 'Files',
    summary: 'Say what may be forgotten',
    headers: timeoutHeader,
    body: RetentionBody,
    answer: RetentionAnswer,
    errors: [...writeErrors, 'READ_TIMEOUT'],
  }),
};
