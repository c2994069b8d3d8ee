/**
 * Cursors: where the next page starts, and of which view, so that all pages are
 * one view (T13). Opaque to clients. A cursor belongs to its question, and what
 * is not one that an answer to this question gave is refused.
 */
import { createHash } from 'node:crypto';
import type * as z from 'zod';
import { HttpError } from './errors.ts';

/** What is asked, besides the view and the length of the page. */
export type Question = readonly (string | number | undefined)[];
export type Place = readonly (string | number)[];

export function encodeCursor(question: Question, place: Place): string {
  return Buffer.from(JSON.stringify([nameOf(question), ...place])).toString('base64url');
}

/** Throws BAD_REQUEST for what {@link encodeCursor} did not make for this question. */
export function decodeCursor<T extends Place>(
  schema: z.ZodType<T>,
  question: Question,
  cursor: string,
): T {
  const [, ...place] = listOf(Buffer.from(cursor, 'base64url').toString());
  const parsed = schema.safeParse(place);
  if (parsed.success && encodeCursor(question, parsed.data) === cursor) return parsed.data;
  throw new HttpError('BAD_REQUEST', 'query.cursor is not one of an answer to this question', {
    path: 'query.cursor',
  });
}

/** A cursor has its view in it: another beside it is a contradiction. */
export function checkSame(given: number | undefined, held: number, path: string): void {
  if (given !== undefined && given !== held)
    throw new HttpError('BAD_REQUEST', `${path} is not that of the cursor`, { path });
}

function nameOf(question: Question): string {
  return createHash('sha256').update(JSON.stringify(question)).digest('base64url').slice(0, 11);
}

function listOf(text: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
