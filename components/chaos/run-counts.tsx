import { number, seconds } from '../../client/chaos-words.ts';
import type { ChaosRun } from '../../contracts/chaos.ts';

/** The run in figures. */
export function RunCounts({ run }: { readonly run: ChaosRun }) {
  const { counts, ranMs, longestPauseMs, strikes, leaderChanges } = run;
  const perSecond = ranMs === 0 ? 0 : Math.round((counts.acknowledged * 1000) / ranMs);
  const figures = [
    ['Writes acknowledged', number(counts.acknowledged), `${number(perSecond)} a second`],
    ['Reads answered', number(counts.reads), ''],
    ['Failed', number(counts.failed), 'surely not done'],
    ['Unknown', number(counts.unknown), 'may or may not be done'],
    ['Longest pause', seconds(longestPauseMs), 'between two writes'],
    ['Faults', number(strikes), ''],
    ['Changes of leader', number(leaderChanges), ''],
  ] as const;
  return (
    <dl className="grid grid-cols-2 rounded-lg border border-line bg-surface sm:grid-cols-4 wide:grid-cols-7">
      {figures.map(([name, value, about]) => (
        <div key={name} className="px-3 py-2">
          <dt className="text-xs text-quiet">{name}</dt>
          <dd>
            <span className="text-xl font-medium">{value}</span>
            <span className="block min-h-4 text-xs text-quiet">{about}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
