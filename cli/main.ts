#!/usr/bin/env node
/** The program `chronoraft`: this process as the world of the command line. */
import { runCli } from './run.ts';
import { EXIT } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';

const interruption = new AbortController();
// The second Ctrl-C does not wait for anything.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(EXIT.interrupted);
    interruption.abort();
  });
}
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.brokenPipe : EXIT.failed);
  });
}

runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  folder: process.cwd(),
  nowMs: Date.now,
  interrupted: interruption.signal,
}).then(
  (code) => leave(code),
  (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`chronoraft: this is a bug: ${text}\n`);
    leave(EXIT.failed);
  },
);

/** Once all that was written has left; a line that closes slowly is not waited for. */
function leave(code: ExitCode): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
