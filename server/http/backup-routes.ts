/** The store as a file, and back: `/api/v1/backup`, `/api/v1/backup/restore`. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { BACKUP_FORMAT } from '../../contracts/backup.ts';
import { BACKUP_TYPE } from '../../contracts/backup-type.ts';
import type { BackupHeader, RestoreStatus } from '../../contracts/backup.ts';
import type { Problem } from '../../contracts/errors.ts';
import { LIMITS } from '../../contracts/kv.ts';
import { files, LINES_TYPE } from '../../contracts/operations/files.ts';
import type { Restores } from '../backup/restores.ts';
import { backupText } from '../backup/write-backup.ts';
import type { VersionsPage } from '../backup/write-backup.ts';
import type { KvService } from '../cluster/kv-service.ts';
import type { Coordinates, Query } from '../kv/queries.ts';
import { HttpError } from './errors.ts';
import { checkText, timeoutOf } from './input.ts';
import { kvError, readError } from './kv-problems.ts';
import { restoreError } from './restore-problems.ts';
import { route } from './route.ts';

/** What was begun is broken off only when a page stays away for so long, ms. */
const PAGE_WITHIN_MS = 60_000;

export interface BackupParts {
  readonly kv: KvService;
  readonly clusterId: string;
  readonly restores: Restores;
}

export function backupRoutes(app: FastifyInstance, { kv, clusterId, restores }: BackupParts): void {
  route(app, files.backup, async ({ query: { prefix, at, asOf } }, request, reply) => {
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
      .header('content-type', LINES_TYPE)
      .header('content-disposition', `attachment; filename="${name}"`);
    // In bytes: as objects, sixteen pages would wait for a slow reader.
    return reply.send(Readable.from(text, { objectMode: false }));
  });

  route(app, files.restoreStatus, (_input, request): RestoreStatus => {
    const { progress: running, last } = restores;
    if (last === null || last.ok) return { running, last };
    return { running, last: { ok: false, problem: problemOf(last.error, request.id) } };
  });

  // In a scope of its own, since its body is taken as it comes, whatever its length.
  void app.register((scope, _options, registered) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, body, parsed) => {
      parsed(null, body);
    });
    route(scope, files.restoreFile, async ({ query: { mode = 'present' } }, request) => {
      const type = request.headers['content-type'] ?? '';
      if (type.split(';', 1)[0]?.trim().toLowerCase() !== BACKUP_TYPE)
        throw new HttpError('BAD_REQUEST', `the body must be ${BACKUP_TYPE}`, {
          path: 'Content-Type',
        });
      if (!(request.body instanceof Readable))
        throw new HttpError('BAD_REQUEST', 'there is no file', { path: 'body' });
      try {
        return await restores.run(mode, request.body);
      } catch (error) {
        throw restoreError(error);
      }
    });
    registered();
  });

  async function readPage(query: Omit<Asked, 'limit'>, timeoutMs: number): Promise<VersionsPage> {
    const outcome = await kv.read({ ...query, limit: LIMITS.pageSize }, timeoutMs);
    if (!outcome.ok) throw readError(outcome, null);
    if (!outcome.result.ok) throw kvError(outcome.result.error);
    return outcome.result.answer as VersionsPage;
  }
}

function problemOf(error: unknown, requestId: string): Problem {
  const known = restoreError(error);
  const http = known instanceof HttpError ? known : new HttpError('INTERNAL', 'the restore failed');
  return http.problem(requestId);
}

type Asked = Extract<Query, { type: 'versions' }>;
type Start = Pick<Asked, 'start'>;
