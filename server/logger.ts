/** The one place that writes logs: JSON lines on standard error. What is secret is blotted out. */
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export type { Logger };

/** Names of what nobody may read in a log, headers first, wherever it stands to a depth of three. */
const SECRETS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'token',
  'password',
  'secret',
];
const PATHS = SECRETS.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);

/** `destination` other than standard error: tests only. */
export function createLogger(
  level: string,
  destination: DestinationStream = pino.destination(2),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: PATHS, censor: '[redacted]' },
    },
    destination,
  );
}

/** Standard error, without a look at the end of the process: a line is out once it is written. */
export function standardErrorAtOnce(): DestinationStream {
  return pino.destination({ dest: 2, sync: true });
}
