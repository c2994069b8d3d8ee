/**
 * Generates the typed database client from prisma/schema.prisma. Prisma would
 * first download its schema engine, which only its migrate command needs; it
 * is content when the variable names any file that exists.
 */
import { isMain, main, PlainError, run, tool } from './run.mjs';

/** For every call of Prisma's tools, and for the install that runs their set-up. */
export const NO_ENGINE = {
  PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  PRISMA_HIDE_UPDATE_MESSAGE: '1',
};

export async function generate() {
  const { code, output } = await run(tool('prisma'), ['generate', '--no-hints'], {
    quiet: true,
    env: { ...NO_ENGINE, CHECKPOINT_DISABLE: '1' },
  });
  if (code !== 0) throw new PlainError(`generating the database client failed:\n${output}`);
}

if (isMain(import.meta.url)) await main(generate);
