/** A Prometheus histogram over counts that were made elsewhere: nothing is done for it when something is measured. */
import type { Histogram, LabelValues, Registry } from 'prom-client';
import { DURATION_BOUNDS_MS } from '../base/durations.ts';
import type { Durations } from '../base/durations.ts';

export interface DurationSeries<Label extends string> {
  readonly labels: LabelValues<Label>;
  readonly durations: Durations;
}

/** `series` gives all that was counted since the server started, at each scrape. */
export function durationHistogram<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  series: () => Iterable<DurationSeries<Label>>,
): void {
  const about = { name, help, type: 'histogram', aggregator: 'sum' } as const;
  const get = (): Promise<unknown> =>
    Promise.resolve({ ...about, values: [...series()].flatMap((one) => samplesOf(name, one)) });
  // A registry asks no more of a metric than this, whatever its type says.
  registry.registerMetric({ ...about, get } as unknown as Histogram<Label>);
}

function samplesOf<Label extends string>(
  name: string,
  { labels, durations }: DurationSeries<Label>,
): readonly object[] {
  const { counts, sumMs } = durations.all;
  let total = 0;
  const buckets = counts.map((count, bucket) => {
    total += count;
    const boundMs = DURATION_BOUNDS_MS[bucket];
    const le = boundMs === undefined ? '+Inf' : boundMs / 1000;
    return { labels: { ...labels, le }, value: total, metricName: `${name}_bucket` };
  });
  return [
    ...buckets,
    { labels, value: sumMs / 1000, metricName: `${name}_sum` },
    { labels, value: total, metricName: `${name}_count` },
  ];
}
