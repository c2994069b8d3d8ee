/**
 * What each role reaches, in one place. Whatever is not named here is the
 * operator's: a new route, a new event, or any way of changing something.
 */
import type { Role } from '../../contracts/access.ts';
import type { ClientToServerEvents } from '../../contracts/live.ts';

/** Before anyone has said who they are. */
const PUBLIC = new Set(['GET /livez', 'GET /readyz', 'POST /api/v1/sign-in']);

const VIEWER = new Set([
  'GET /api/v1/access',
  'GET /api/v1/audit',
  'POST /api/v1/sign-out',
  'GET /api/v1/version',
  'GET /api/v1/openapi.json',
  'GET /api/docs',
  'GET /metrics',
  'GET /api/v1/cluster',
  'GET /api/v1/invariants',
  'GET /api/v1/metrics',
  'GET /api/v1/nodes/:id',
  'GET /api/v1/nodes/:id/log',
  'GET /api/v1/kv',
  'GET /api/v1/kv/:key',
  'GET /api/v1/kv/:key/:field',
  'GET /api/v1/records',
  'GET /api/v1/history/:key/:field',
  'GET /api/v1/diff',
  'GET /api/v1/changes',
  'GET /api/v1/watch',
  'GET /api/v1/retention',
  'GET /api/v1/backup/restore',
  'GET /api/v1/pace',
  'GET /api/v1/trace',
  'GET /api/v1/recording',
  'GET /api/v1/recording/file',
  'GET /api/v1/recording/segments',
  'GET /api/v1/chaos',
  'GET /api/v1/chaos/:id',
  'GET /api/v1/chaos/:id/history',
]);

/** Reads that are dear. */
const OPERATOR_READS = new Set(['GET /api/v1/backup']);

/** Every event that a socket may send. None of them changes anything. */
const EVENTS: Record<keyof ClientToServerEvents, Role> = {
  resync: 'viewer',
  watchPackets: 'viewer',
  watch: 'viewer',
  unwatch: 'viewer',
};

/** `url` as the route was declared; a HEAD is its GET. */
export function roleOfRoute(method: string, url: string): Role | 'public' {
  const route = `${method === 'HEAD' ? 'GET' : method} ${url}`;
  if (PUBLIC.has(route)) return 'public';
  return VIEWER.has(route) ? 'viewer' : 'operator';
}

export function roleOfEvent(event: string): Role {
  return Object.hasOwn(EVENTS, event) ? EVENTS[event as keyof ClientToServerEvents] : 'operator';
}

export function reaches(role: Role, needed: Role): boolean {
  return role === 'operator' || needed === 'viewer';
}

/** Every route that is named, for the test that holds them against those there are. */
export const NAMED_ROUTES: ReadonlySet<string> = new Set([...PUBLIC, ...VIEWER, ...OPERATOR_READS]);
export const EVENT_NAMES = Object.keys(EVENTS);
