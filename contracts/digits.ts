/** Numbers where all is text: in a query string and in headers. */
import * as z from 'zod';

/** Digits only, so that "1e3" and "" are refused and not guessed at. */
export const digits = z
  .string()
  .regex(/^\d{1,16}$/, 'a whole number in digits')
  .transform(Number);

/** A count or a number of something. */
export const wholeNumber = digits.pipe(z.number().int().min(0));

export const DEFAULT_TIMEOUT_MS = 5000;
export const MAX_TIMEOUT_MS = 60_000;

/** The header `Request-Timeout-Ms`. */
export const RequestTimeout = digits.pipe(z.number().int().min(1).max(MAX_TIMEOUT_MS));
