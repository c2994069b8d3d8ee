/** Who may do what: roles, signing in, and what a page is told of its own access. */
import * as z from 'zod';

/** A viewer reads and watches; an operator does all. */
export const Role = z.enum(['viewer', 'operator']);
export type Role = z.infer<typeof Role>;

export const SignInBody = z.strictObject({ token: z.string().min(1).max(512) });

/** Who the server takes the asker for: `GET /api/v1/access`, and told to each socket that joins. */
export const AccessView = z.object({
  name: z.string(),
  role: Role,
  /** False where nobody needs to sign in. */
  signedIn: z.boolean(),
  /** Server clock, ms, at which this access ends; null when it does not. */
  expiresAtMs: z.number().nullable(),
});
export type AccessView = z.infer<typeof AccessView>;

/** Where a person signs in, within the page. */
export const SIGN_IN_PATH = '/sign-in';
