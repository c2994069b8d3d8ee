/** A backup of the store as a file: `/api/v1/backup`. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { BACKUP_FORMAT, BACKUP_TYPE } from '../../contracts/backup.ts';
import type { BackupHeader } from '../../contracts/backup.ts';
import { LIMITS, Revision, TimestampMs } from '../../contracts/kv.ts';
import { backupText } from '../backup/write-backup.ts';
import type { VersionsPage } from '../backup/write-backup.ts';
import type { KvService } from '../cluster/kv-service.ts';
import type { Coordinates, Query } from '../kv/types.ts';
import { checkText, digits, parse, timeoutOf } from './input.ts';
import { kvError, readError } from './kv-problems.ts';

/** What was begun is broken off only when a page stays away for so long, ms. */
const PAGE_WITHIN_MS = 60_000;

const BackupQuery = z.strictObject({
  prefix: z.string().optional(),
  at: digits.pipe(TimestampMs).optional(),
  asOf: digits.pipe(Revision).optional(),
});

export function backupRoutes(app: FastifyInstance, kv: KvService, clusterId: string): void {
  // Without a HEAD route of its own: that would read it all to send none of it.
  app.get('/api/v1/backup', { exposeHeadRoute: false }, async (request, reply) => {
    const { prefix, at, asOf } = parse(BackupQuery, request.query, 'query');
    if (prefix !== undefined) checkText(prefix, 'query.prefix');
    const pageOf = (view: Coordinates, start: Start, timeoutMs: number): Promise<VersionsPage> =>
      readPage(
        { type: 'versions', ...(prefix !== undefined && { prefix }), ...view, ...start },
        timeoutMs,
      );
    const given = { ...(at !== undefined && { at }), ...(asOf !== undefined && { asOf }) };
    const first = await pageOf(given, {}, timeoutOf(request));
    const view = { at: first.at, asOf: first.asOf };
    const header: BackupHeader = {
      format: BACKUP_FORMAT,
      version: 1,
      cluster: clusterId,
      madeAt: new Date().toISOString(),
      prefix: prefix ?? null,
      ...view,
    };
    const text = backupText(header, first, (start) => pageOf(view, { start }, PAGE_WITHIN_MS));
    const name = `chronoraft-${header.madeAt.replaceAll(/[:.]/g, '-')}-r${header.asOf}.ndjson`;
    void reply
      .header('content-type', `${BACKUP_TYPE}; charset=utf-8`)
      .header('content-disposition', `attachment; filename="${name}"`)
      .header('cache-control', 'no-store');
    // In bytes: as objects, sixteen pages would wait for a slow reader.
    return reply.send(Readable.from(text, { objectMode: false }));
  });

  async function readPage(query: Omit<Asked, 'limit'>, timeoutMs: number): Promise<VersionsPage> {
    const outcome = await kv.read({ ...query, limit: LIMITS.pageSize }, timeoutMs);
    if (!outcome.ok) throw readError(outcome, null);
    if (!outcome.result.ok) throw kvError(outcome.result.error);
    return outcome.result.answer as VersionsPage;
  }
}

type Asked = Extract<Query, { type: 'versions' }>;
type Start = Pick<Asked, 'start'>;
