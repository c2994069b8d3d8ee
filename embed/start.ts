/** Starts a cluster in the process of the program that asks for it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger, standardErrorAtOnce } from '../server/logger.ts';
import { startServer } from '../server/server.ts';
import type { ChronoraftOptions } from './chronoraft-options.ts';
import type { Chronoraft } from './chronoraft.ts';
import { EmbeddedServer } from './embedded-server.ts';
import { readOptions } from './read-options.ts';

/** Put there by the build: the commit, or null. */
declare const BUILT_FROM: string | null;

/**
 * Resolves when the cluster answers. The process stays the program's: no signal is
 * handled, nothing is read from the environment unless it is given, nothing is written to
 * standard output. (With `page`, Next.js does some of that.)
 *
 * Throws ConfigError for an option that cannot be, DataDirError, ListenError or NoNodeError;
 * then nothing is left running.
 */
export function startChronoraft(
  options: ChronoraftOptions & { readonly http: false },
): Promise<Chronoraft<null>>;
export function startChronoraft(
  options: ChronoraftOptions & { readonly http?: true },
): Promise<Chronoraft>;
export function startChronoraft(options: ChronoraftOptions): Promise<Chronoraft<string | null>>;
export async function startChronoraft(
  options: ChronoraftOptions,
): Promise<Chronoraft<string | null>> {
  const root = packageRoot();
  const { dataDir: given, ...config } = readOptions(options, root);
  const dataDir = given ?? mkdtempSync(path.join(tmpdir(), 'chronoraft-'));
  const afterwards = (): void => {
    if (given === null) rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  };
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const logger = createLogger(config.logLevel, destinationOf(options.log));
  try {
    const server = await startServer({ ...config, dataDir }, logger, version, BUILT_FROM);
    return new EmbeddedServer(server, dataDir, afterwards);
  } catch (error) {
    afterwards();
    throw error;
  }
}

/** A log whose taker throws must not take the server along: it is the program's to hear of it. */
function destinationOf(take: ((line: string) => void) | undefined): { write(line: string): void } {
  if (take === undefined) return standardErrorAtOnce();
  return {
    write: (line) => {
      try {
        take(line.trimEnd());
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    },
  };
}

/** Wherever the package was put. */
function packageRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return folder;
}
