/**
 * Brings a node's database to the schema of this program: applies the
 * committed SQL migrations in order, each in one transaction with its record,
 * in Prisma's own table, so that Prisma's tools agree with what they find.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Connection } from './connection.ts';
import { StorageError } from './errors.ts';

const RECORDS = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" TEXT PRIMARY KEY NOT NULL,
  "checksum" TEXT NOT NULL,
  "finished_at" DATETIME,
  "migration_name" TEXT NOT NULL,
  "logs" TEXT,
  "rolled_back_at" DATETIME,
  "started_at" DATETIME NOT NULL DEFAULT current_timestamp,
  "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0
)`;

/** Throws StorageError `newer` when the database knows a migration that this program does not. */
export async function migrate(connection: Connection, migrationsDir: string): Promise<void> {
  await connection.script(RECORDS);
  const rows = await connection.prisma.$queryRawUnsafe<{ migration_name: string }[]>(
    'SELECT "migration_name" FROM "_prisma_migrations" WHERE "rolled_back_at" IS NULL',
  );
  const applied = new Set(rows.map((row) => row.migration_name));
  const known = await migrationNames(migrationsDir);
  const unknown = [...applied].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new StorageError('newer', `the database was written by a newer version (${unknown})`);
  }
  for (const name of known) {
    if (!applied.has(name)) await apply(connection, migrationsDir, name);
  }
}

async function migrationNames(migrationsDir: string): Promise<string[]> {
  const found = await readdir(migrationsDir, { withFileTypes: true });
  return found
    .filter((item) => item.isDirectory())
    .map((item) => item.name)
    .sort();
}

async function apply(connection: Connection, migrationsDir: string, name: string): Promise<void> {
  const sql = await readFile(path.join(migrationsDir, name, 'migration.sql'), 'utf8');
  const checksum = createHash('sha256').update(sql).digest('hex');
  await connection.script(`BEGIN IMMEDIATE;
${sql}
INSERT INTO "_prisma_migrations" ("id", "checksum", "finished_at", "migration_name", "applied_steps_count")
VALUES ('${randomUUID()}', '${checksum}', current_timestamp, '${name.replaceAll("'", "''")}', 1);
COMMIT;`);
}
