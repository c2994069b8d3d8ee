/** Text from a file or from standard input. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CliError, usageError } from './failure.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { inert } from './text.ts';

/** No body of the API is longer. */
const MOST_BYTES = 7 * 1024 * 1024;

/** `-` is standard input. Throws where it cannot be read, is too long, or is not UTF-8. */
export async function readText(io: Io, file: string): Promise<string> {
  const bytes = file === '-' ? await readAll(io) : await readNamed(io, file);
  if (bytes.length > MOST_BYTES) throw usageError(`${named(file)} is longer than 7 MiB`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usageError(
      `${named(file)} is not UTF-8 text`,
      'encode it first, for example with base64',
    );
  }
}

async function readAll(io: Io): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of io.stdin as AsyncIterable<Uint8Array | string>) {
    const buffer = Buffer.from(chunk as Uint8Array);
    chunks.push(buffer);
    bytes += buffer.length;
    if (bytes > MOST_BYTES) break;
  }
  return Buffer.concat(chunks);
}

async function readNamed(io: Io, file: string): Promise<Buffer> {
  try {
    return await readFile(path.resolve(io.folder, file));
  } catch (error) {
    throw fileError(file, error);
  }
}

export function fileError(file: string, error: unknown): CliError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const why = FILE_WORDS[code] ?? code;
  return new CliError(EXIT.failed, 'FILE', `cannot use the file ${inert(file)}: ${why}`);
}

const FILE_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is none, or no such folder',
  EACCES: 'that is not allowed',
  EISDIR: 'it is a folder',
  EEXIST: 'it is there already',
  ENOSPC: 'the disk is full',
};

function named(file: string): string {
  return file === '-' ? 'standard input' : inert(file);
}
