/**
 * Who may speak to this server. It listens on loopback, where any web page the
 * user visits could reach it too: so requests that change something, and every
 * socket, must come from our own page or from no page at all, and the host name
 * must be one that we answer to (or a page elsewhere could rebind its name here).
 */
import type { IncomingMessage } from 'node:http';

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

export interface OriginRules {
  /** The address we listen on; its name is accepted beside the loopback ones. */
  readonly host: string;
}

/** Null when the request may pass, else why not. */
export function refuseHost(request: IncomingMessage, rules: OriginRules): string | null {
  // Listening elsewhere than on loopback, the names we are known by are not ours to tell.
  if (!LOOPBACK_NAMES.has(rules.host)) return null;
  const name = hostName(request.headers.host ?? '');
  return LOOPBACK_NAMES.has(name) ? null : `this server does not answer to the name ${name}`;
}

export function refuseOrigin(request: IncomingMessage): string | null {
  const { origin } = request.headers;
  if (origin !== undefined) {
    // Behind a proxy that speaks TLS the scheme differs; the host is what tells sites apart.
    return origin.replace(/^https?:\/\//, '') === request.headers.host
      ? null
      : `pages of ${origin} may not do this`;
  }
  const site = request.headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none'
    ? null
    : 'pages of other sites may not do this';
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}
