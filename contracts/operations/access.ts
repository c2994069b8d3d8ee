/** Who asks, signing in and out, and the trail of what was done. */
import * as z from 'zod';
import { AccessView, SignInBody } from '../access.ts';
import { AuditAnswer } from '../audit.ts';
import { digits } from '../digits.ts';
import { operation } from './operation.ts';

const MAX_RECORDS = 500;

export const access = {
  access: operation({
    id: 'getAccess',
    method: 'GET',
    path: '/api/v1/access',
    tag: 'Server',
    summary: 'Who the server takes the asker for',
    answer: AccessView,
    errors: [],
  }),
  signIn: operation({
    id: 'signIn',
    method: 'POST',
    path: '/api/v1/sign-in',
    tag: 'Server',
    summary: 'Trade a token for a session in a cookie',
    description: 'For browsers. Programs send their token as `Authorization: Bearer`.',
    body: SignInBody,
    maxBodyBytes: 4096,
    answer: AccessView,
    errors: ['CONFLICT'],
  }),
  signOut: operation({
    id: 'signOut',
    method: 'POST',
    path: '/api/v1/sign-out',
    tag: 'Server',
    summary: 'End the session of the cookie',
    answer: z.object({}),
    errors: [],
  }),
  audit: operation({
    id: 'getAudit',
    method: 'GET',
    path: '/api/v1/audit',
    tag: 'Server',
    summary: 'What operators did, newest first',
    query: z.strictObject({
      limit: digits
        .pipe(z.number().int().min(1).max(MAX_RECORDS))
        .optional()
        .describe('Records at most; 50 when left out.'),
      cursor: z.string().optional().describe('`next` of the page before.'),
    }),
    answer: AuditAnswer,
    errors: ['READ_TIMEOUT'],
  }),
};
