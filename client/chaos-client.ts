/** Chaos runs from the caller's side. */
import type { ChaosBody, ChaosRun, ChaosRuns, ChaosSchedule } from '../contracts/chaos.ts';
import type { ApiResult } from './api-failure.ts';
import type { ChronoraftClient } from './http-client.ts';

export class ChaosClient {
  private readonly http: ChronoraftClient;

  constructor(http: ChronoraftClient) {
    this.http = http;
  }

  /** What such a run would do; nothing is begun. */
  plan(settings: ChaosBody): Promise<ApiResult<ChaosSchedule>> {
    return this.http.chaos('POST', { action: 'schedule' }, settings);
  }

  start(settings: ChaosBody): Promise<ApiResult<ChaosRun>> {
    return this.http.chaos('POST', {}, settings);
  }

  list(): Promise<ApiResult<ChaosRuns>> {
    return this.http.chaos('GET', {});
  }

  find(id: string): Promise<ApiResult<ChaosRun>> {
    return this.http.chaos('GET', { id });
  }

  /** It heals, and what there is is judged. */
  stop(id: string): Promise<ApiResult<ChaosRun>> {
    return this.http.chaos('POST', { id, action: 'stop' });
  }
}

/** Of the lines of its history. */
export function historyUrl(id: string): string {
  return `/api/v1/chaos/${encodeURIComponent(id)}/history`;
}
