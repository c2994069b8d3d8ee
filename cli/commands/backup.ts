/** `backup` and `restore`: the store as a stream, to and from a file or a pipe. */
import { createReadStream, createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { failureOf } from '../../client/api-failure.ts';
import { sizeInWords } from '../../client/backup-file.ts';
import { BACKUP_TYPE } from '../../contracts/backup-type.ts';
import type { BackupRestoreAnswer } from '../../contracts/backup.ts';
import { Problem } from '../../contracts/errors.ts';
import { interrupted } from '../call.ts';
import type { Call } from '../call.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { CliError, errorOf } from '../failure.ts';
import { fileError } from '../input-text.ts';
import { write } from '../io.ts';
import { inert } from '../text.ts';
import { AS_OF, AT } from './shared.ts';

const backup: Command = {
  name: 'backup',
  summary: 'Write the store, or the keys of a prefix, with all history to a file or a pipe',
  about: [
    'The file holds every version that was known at one revision. It gets its name when it is whole: what was broken off leaves nothing.',
  ],
  arguments: [
    {
      name: 'FILE',
      need: 'optional',
      about: 'Where to; - or nothing: standard output',
      offers: 'files',
    },
  ],
  options: [
    { name: 'prefix', value: 'PREFIX', about: 'Of keys' },
    AT,
    AS_OF,
    { name: 'force', about: 'Replace the file' },
  ],
  examples: [
    {
      line: 'chronoraft backup shop.ndjson --prefix shop',
      about: 'the keys that begin with "shop"',
    },
    { line: 'chronoraft backup | gzip > all.ndjson.gz', about: 'everything, compressed' },
  ],
  async run(call) {
    const file = call.optional('FILE') ?? '-';
    const { stdout } = call.io;
    if (file === '-' && stdout.isTTY === true) call.refuse('backup needs FILE, or a pipe');
    const target = path.resolve(call.io.folder, file);
    if (file !== '-' && !call.flag('force') && (await isThere(target))) {
      const todo = 'name another, or add --force';
      throw new CliError(EXIT.failed, 'FILE', `${inert(file)} is there already`, todo);
    }
    const view = await call.view();
    const body = await bodyOf(call, call.client.backupUrl(call.text('prefix') ?? '', view));
    const bytes =
      file === '-' ? await toStdout(call, body) : await toFile(call, body, target, file);
    const words = `${sizeInWords(bytes)} written${file === '-' ? '' : ` to ${inert(file)}`}`;
    if (file === '-') await call.note(words);
    else await call.answer({ file, bytes }, [words]);
    return undefined;
  },
};

async function bodyOf(call: Call, url: string): Promise<Readable> {
  const response = await sent(call, url, {
    headers: { 'request-timeout-ms': String(call.timeoutMs) },
  });
  if (!response.ok || response.body === null) throw await problemOf(call, response);
  return Readable.fromWeb(response.body as ReadableStream);
}

async function toStdout(call: Call, body: Readable): Promise<number> {
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      await write(call.io.stdout, chunk);
      bytes += chunk.length;
    }
  } catch {
    throw broken(call);
  }
  return bytes;
}

async function toFile(call: Call, body: Readable, target: string, file: string): Promise<number> {
  const part = `${target}.${process.pid}.part`;
  const output = createWriteStream(part, { flush: true });
  try {
    await pipeline(body, output);
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    const isOfFile = error instanceof Error && 'syscall' in error && 'path' in error;
    throw isOfFile ? fileError(file, error) : broken(call);
  }
  return output.bytesWritten;
}

function broken(call: Call): CliError {
  if (call.io.interrupted.aborted) return interrupted();
  const message = 'the backup was broken off; what has come of it is not whole';
  return new CliError(EXIT.failed, 'BROKEN_OFF', message, 'make it again');
}

const restore: Command = {
  name: 'restore',
  summary: 'Bring back what a backup holds, from a file or a pipe',
  about: [
    'The server checks the whole file before it writes anything. With --mode present the present becomes what the file shows, and history goes on; with --mode history all versions come back with their times, into a store that has none of them.',
    'If the line breaks meanwhile, `chronoraft restore --status` tells how it ended.',
  ],
  arguments: [
    {
      name: 'FILE',
      need: 'optional',
      about: 'Where from; - or nothing: standard input',
      offers: 'files',
    },
  ],
  options: [
    {
      name: 'mode',
      value: 'MODE',
      about: 'present (unless said) or history',
      choices: ['present', 'history'],
    },
    { name: 'status', about: 'How far the restore is that runs, or how the last one ended' },
  ],
  examples: [
    { line: 'chronoraft restore shop.ndjson', about: 'the present of "shop…" as it was then' },
    { line: 'gunzip -c all.ndjson.gz | chronoraft restore', about: 'everything, from a pipe' },
    { line: 'chronoraft restore --status', about: 'how the last one ended' },
  ],
  async run(call) {
    if (call.flag('status')) return status(call);
    const file = call.optional('FILE') ?? '-';
    const mode = call.text('mode') ?? 'present';
    const body = file === '-' ? call.io.stdin : await opened(call, file);
    const init: RequestInit & { readonly duplex: 'half' } = {
      method: 'POST',
      headers: { 'content-type': BACKUP_TYPE },
      body: Readable.toWeb(body) as unknown as NonNullable<RequestInit['body']>,
      duplex: 'half',
    };
    const url = `${call.connection.url}/api/v1/backup/restore?mode=${mode}`;
    const response = await sent(call, url, init, 'restore');
    if (!response.ok) throw await problemOf(call, response);
    const answer = (await response.json()) as BackupRestoreAnswer;
    await call.answer(answer, [restoredWords(answer)]);
    return undefined;
  },
};

function restoredWords({ written, versions, mode, backup: from }: BackupRestoreAnswer): string {
  const [one, done] = mode === 'present' ? ['field', 'changed'] : ['version', 'added'];
  return `${written} ${one}${written === 1 ? '' : 's'} ${done}, of ${versions} versions of revision ${from.asOf}, made ${from.madeAt}`;
}

async function status(call: Call): Promise<undefined> {
  const answer = await call.ask(call.client.restoreStatus());
  const { running, last } = answer;
  const lines: string[] = [];
  if (running !== null) {
    const { phase, receivedBytes, passed, versions } = running;
    lines.push(
      phase === 'receiving'
        ? `receiving: ${sizeInWords(receivedBytes)}`
        : `${phase}: ${passed} of ${versions ?? 'an unknown number of'} versions`,
    );
  }
  if (last !== null)
    lines.push(`last: ${last.ok ? restoredWords(last.answer) : `failed: ${last.problem.message}`}`);
  await call.answer(answer, lines.length === 0 ? ['nothing was restored since the start'] : lines);
  return undefined;
}

async function opened(call: Call, file: string): Promise<Readable> {
  const stream = createReadStream(path.resolve(call.io.folder, file));
  return new Promise((resolve, reject) => {
    stream.once('open', () => resolve(stream));
    stream.once('error', (error) => reject(fileError(file, error)));
  });
}

/** A restore whose answer did not come may be done all the same. */
async function sent(
  call: Call,
  url: string,
  init: RequestInit,
  what: 'backup' | 'restore' = 'backup',
): Promise<Response> {
  try {
    return await call.connection.fetch(url, init);
  } catch {
    const isInterrupted = call.io.interrupted.aborted;
    if (isInterrupted && what === 'backup') throw interrupted();
    const error = call.connection.errorOf({
      code: what === 'restore' ? 'OUTCOME_UNKNOWN' : 'UNREACHABLE',
      message: 'the line broke; the restore may go on, or may never have begun',
      retryable: false,
    });
    if (error.code !== 'OUTCOME_UNKNOWN') throw error;
    const exit = isInterrupted ? EXIT.interrupted : error.exit;
    throw new CliError(exit, error.code, error.message, 'see `chronoraft restore --status`');
  }
}

async function problemOf(call: Call, response: Response): Promise<CliError> {
  const problem = Problem.safeParse(await response.json().catch(() => null));
  if (!problem.success)
    return call.connection.errorOf({ code: 'UNREACHABLE', message: '', retryable: true });
  const { message, written } = problem.data;
  const done = written === undefined || written === 0 ? '' : ` (${written} were written before)`;
  return errorOf({ ...failureOf(problem.data), message: `${message}${done}` });
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

export const BACKUPS: readonly Command[] = [backup, restore];
