/**
 * Cursors: where the next page starts, and of which view, so that all pages are
 * one view (T13). Opaque to clients; what is not one of ours is refused.
 */
import type * as z from 'zod';
import { HttpError } from './errors.ts';

export function encodeCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Throws BAD_REQUEST for what {@link encodeCursor} did not make of such a place. */
export function decodeCursor<T>(schema: z.ZodType<T>, cursor: string): T {
  const place = schema.safeParse(jsonOf(Buffer.from(cursor, 'base64url').toString()));
  if (place.success) return place.data;
  throw new HttpError('BAD_REQUEST', 'query.cursor is not one of an answer to this question', {
    path: 'query.cursor',
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
