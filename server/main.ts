/** The program: reads its settings, starts the server, says where it is, and ends cleanly when asked. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, DataDirError, ListenError, NoNodeError } from './base/start-errors.ts';
import { loadEnvFile, readConfig } from './config.ts';
import { createLogger } from './logger.ts';
import { startServer } from './server.ts';
import type { RunningServer } from './server.ts';

/** Put there by the build: the commit, or null. */
declare const BUILT_FROM: string | null;

/** A stop that takes longer than this is cut short, ms. */
const STOP_WITHIN_MS = 9000;
/** One Ctrl-C may arrive twice, from the terminal and through npm: so soon it is the same wish, ms. */
const SAME_SIGNAL_MS = 500;

async function main(): Promise<void> {
  const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
  loadEnvFile(root);
  const config = readConfig(process.env, root);
  const logger = createLogger(config.logLevel);
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const server = await startServer(config, logger, version, BUILT_FROM);
  stopOnSignal(server);
  const dataDir = path.relative(process.cwd(), config.dataDir) || '.';
  process.stdout.write(
    `Chronoraft is ready: ${server.url}  (${config.nodes.length} nodes, data in ${dataDir}; settings: PORT, HOST, DATA_DIR, NODES)\n`,
  );
}

/** The first signal stops in order, the second at once. */
function stopOnSignal(server: RunningServer): void {
  let isStopping = false;
  let takesSecond = false;
  const stop = (): void => {
    if (isStopping) {
      if (takesSecond) process.exit(1);
      return;
    }
    isStopping = true;
    // Signals that came while the program was busy are looked at between a timer and its immediate.
    setTimeout(() => setImmediate(() => void (takesSecond = true)), SAME_SIGNAL_MS).unref();
    setTimeout(() => {
      process.stderr.write(
        'chronoraft: stopping took too long and was cut short; nothing acknowledged is lost\n',
      );
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
    server.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function fail(error: unknown): never {
  const expected = [ConfigError, DataDirError, ListenError, NoNodeError].some(
    (kind) => error instanceof kind,
  );
  const text =
    error instanceof Error
      ? expected
        ? error.message
        : (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`chronoraft: ${text}\n`);
  process.exit(1);
}

main().catch(fail);
