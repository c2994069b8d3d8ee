/** Reading requests: parameters and bodies become typed values, or one clear error that names the place. */
import type * as z from 'zod';
import { LIMITS } from '../../contracts/kv.ts';
import { SERVER_SESSION_PREFIX } from '../cluster/sessions.ts';
import { HttpError } from './errors.ts';

/** Parses with the contract's schema. `where` is the part of the request: "body", "query". */
export function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = [where, ...(issue?.path ?? [])].join('.');
  throw new HttpError('BAD_REQUEST', `${path}: ${issue?.message ?? 'not understood'}`, { path });
}

/** A key or a field: well-formed, not empty, at most 1 KiB. */
export function checkName(name: string, path: string): string {
  checkText(name, path);
  if (name === '') throw new HttpError('BAD_REQUEST', `${path} is empty`, { path });
  if (Buffer.byteLength(name) > LIMITS.nameBytes) {
    throw new HttpError('TOO_LARGE', `${path} is longer than ${LIMITS.nameBytes} bytes`, {
      path,
      limit: LIMITS.nameBytes,
    });
  }
  return name;
}

export function checkValue(value: string, path: string): string {
  checkText(value, path);
  if (Buffer.byteLength(value) > LIMITS.valueBytes) {
    throw new HttpError('TOO_LARGE', `${path} is longer than ${LIMITS.valueBytes} bytes`, {
      path,
      limit: LIMITS.valueBytes,
    });
  }
  return value;
}

export function checkText(text: string, path: string): void {
  if (!isWellFormed(text)) {
    throw new HttpError('BAD_ENCODING', `${path} holds half of a surrogate pair`, { path });
  }
}

export function checkClientId(clientId: string): string {
  checkText(clientId, 'clientId');
  if (clientId.startsWith(SERVER_SESSION_PREFIX)) {
    throw new HttpError('BAD_REQUEST', `clientId must not begin with ${SERVER_SESSION_PREFIX}`, {
      path: 'clientId',
    });
  }
  return clientId;
}

function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}
