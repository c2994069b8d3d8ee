import type { NodeSeries } from '../../client/metrics-charts.ts';
import type { MetricsDetail } from '../../contracts/metrics.ts';
import { figure } from './line-style.ts';

/** A figure of one second, or why there is none. */
export function figureOf({ value, node }: NodeSeries, second: MetricsDetail): string {
  const found = value(second);
  if (found !== null) return figure(found);
  return node !== null && second.lag[node] === null ? 'down' : 'none';
}
