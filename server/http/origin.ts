/**
 * Where a request comes from. On loopback any web page that the user visits
 * could reach this server too: so requests that change something, and every
 * socket, must come from our own page or from no page at all, and the host name
 * must be one that we answer to (or a page elsewhere could rebind its name here).
 */
import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../access/address.ts';

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

export interface OriginRules {
  /** The address we listen on; its name is accepted beside the loopback ones. */
  readonly host: string;
  /** Further names that we are known by, in lower case; with none, a server that listens elsewhere answers to all. */
  readonly allowedHosts: readonly string[];
}

/** Null when the request may pass, else why not. */
export function refuseHost(
  request: IncomingMessage,
  { host, allowedHosts }: OriginRules,
): string | null {
  const onLoopback = isLoopback(host);
  // Listening elsewhere than on loopback, the names we are known by are not ours to guess.
  if (!onLoopback && allowedHosts.length === 0) return null;
  const name = hostName(request.headers.host ?? '');
  return LOOPBACK_NAMES.has(name) || name === host.toLowerCase() || allowedHosts.includes(name)
    ? null
    : `this server does not answer to the name ${name}`;
}

/** For what changes something, and for sockets. */
export function refuseOrigin(request: IncomingMessage): string | null {
  const { origin } = request.headers;
  if (origin !== undefined) {
    // Behind a proxy that speaks TLS the scheme differs; the host is what tells sites apart.
    return /^https?:\/\//.test(origin) &&
      origin.replace(/^https?:\/\//, '').toLowerCase() === request.headers.host?.toLowerCase()
      ? null
      : `pages of ${origin} may not do this`;
  }
  const site = request.headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none'
    ? null
    : 'pages of other sites may not do this';
}

/** For what is only read: a link may lead here, but no page elsewhere may load it. */
export function refuseOtherSite({ headers }: IncomingMessage): string | null {
  const site = headers['sec-fetch-site'];
  const isForeign = site === 'cross-site' || site === 'same-site';
  return isForeign && headers['sec-fetch-mode'] !== 'navigate'
    ? 'pages of other sites may not load this'
    : null;
}

/** True when nothing says from which page the request is. A cookie alone does not tell. */
export function wantsOrigin({ headers }: IncomingMessage): boolean {
  return headers.origin === undefined && headers['sec-fetch-site'] === undefined;
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}
