/** Requests by route, counted as they end: one look-up and a few additions each. */
import { Durations } from '../base/durations.ts';

/** What the router has of a route, the same object at each request. */
type RouteKey = object;

export interface RouteCount {
  readonly method: string;
  /** The route's pattern, as `/api/v1/kv/:key/:field`: never a path, of which there is no end. */
  readonly route: string;
  readonly byStatus: Map<number, number>;
  /** Of requests that have an end of their own: a stream that lasts is left out. */
  readonly durations: Durations;
}

export class HttpMetrics {
  private readonly counts = new WeakMap<RouteKey, RouteCount>();
  /** Every route that was asked for, once. */
  private readonly routes: RouteCount[] = [];
  /** Requests under way. */
  open = 0;

  /** `tookMs` is null for a stream. */
  ended(key: RouteKey, method: string, route: string, status: number, tookMs: number | null): void {
    let count = this.counts.get(key);
    if (count === undefined || count.method !== method) count = this.add(key, method, route);
    count.byStatus.set(status, (count.byStatus.get(status) ?? 0) + 1);
    if (tookMs !== null) count.durations.add(tookMs);
  }

  all(): readonly RouteCount[] {
    return this.routes;
  }

  /** Requests that no route takes share one key, whatever their method. */
  private add(key: RouteKey, method: string, route: string): RouteCount {
    let count = this.routes.find((known) => known.method === method && known.route === route);
    if (count === undefined) {
      count = { method, route, byStatus: new Map(), durations: new Durations() };
      this.routes.push(count);
    }
    this.counts.set(key, count);
    return count;
  }
}
