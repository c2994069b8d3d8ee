/** Headers that tell a browser what it may do with our answers. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

const EVERYWHERE = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
};
const TLS_ONLY = { 'strict-transport-security': 'max-age=31536000' };

/** Of answers that are data: nothing in them is to run or to be shown as a page. */
export function apiHeaders(tls: boolean): Readonly<Record<string, string>> {
  return {
    ...EVERYWHERE,
    ...(tls && TLS_ONLY),
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  };
}

export interface PageRules {
  readonly tls: boolean;
  /** Next's own development tools make code from text. */
  readonly dev: boolean;
}

/**
 * Prepares a request for the page. Only scripts that carry this answer's nonce
 * run, and what they load; Next takes the nonce from the request's own policy.
 */
export function protectPage(
  request: IncomingMessage,
  response: ServerResponse,
  { tls, dev }: PageRules,
): void {
  const policy = pagePolicy(randomBytes(16).toString('base64'), dev);
  request.headers['content-security-policy'] = policy;
  const headers = {
    ...EVERYWHERE,
    ...(tls && TLS_ONLY),
    'content-security-policy': policy,
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

function pagePolicy(nonce: string, dev: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'${dev ? " 'unsafe-eval'" : ''}`,
    // React writes style attributes, which have no nonce; no text of users ever becomes markup.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
