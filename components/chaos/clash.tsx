import clsx from 'clsx';
import { lanesOf } from '../../client/chaos-chart.ts';
import { number } from '../../client/chaos-words.ts';
import type { ClashOperation, KeyVerdict } from '../../contracts/chaos.ts';
import { Panel } from '../ui/panel.tsx';

/** A counter-example: clients as lanes, operations as bars from call to return, and what no order explains. */
export function Clash({ verdict }: { readonly verdict: KeyVerdict }) {
  const { key, counterExample } = verdict;
  if (counterExample === null) return null;
  const { why, operations, omitted } = counterExample;
  const name = key.slice(key.lastIndexOf('/') + 1);
  return (
    <Panel title={`Counter-example: ${name}`}>
      <figure data-testid={`clash-${name}`} className="px-3 pb-3">
        <p className="pb-3">
          {why}
          {omitted > 0 && ` ${number(omitted)} operations before these fit, and are left out.`}
        </p>
        <div className="flex flex-col gap-1.5">
          {lanesOf(operations).map(({ client, bars }) => (
            <div key={client} className="grid grid-cols-[3rem_minmax(0,1fr)] items-center gap-2">
              <span className="font-mono text-xs text-quiet">{client}</span>
              <div className="relative h-6 rounded-sm bg-term-odd">
                {bars.map(({ operation, left, width, isOpen, isClash }) => (
                  <div
                    key={`${operation.callMs}`}
                    title={sentenceOf(operation)}
                    className={clsx(
                      'absolute inset-y-0 overflow-hidden border bg-raised px-1 text-[11px] leading-[1.375rem] whitespace-nowrap',
                      isOpen ? 'rounded-l-sm border-r-0 border-dashed' : 'rounded-sm',
                      isClash
                        ? 'border-2 border-danger leading-5! font-medium'
                        : 'border-line-strong',
                    )}
                    style={{ left: `${left}%`, width: `${Math.min(width, 100 - left)}%` }}
                  >
                    {isClash ? '✕ ' : `${operation.place} `}
                    {operation.words}
                  </div>
                ))}
              </div>
            </div>
          ))}
        </div>
        <figcaption className="pt-3 text-xs text-quiet">
          Bars go from call to return, in the order of time, not to its scale; one that is open to
          the right was never answered. Numbers tell the longest order that fits; ✕ marks what
          cannot follow.
        </figcaption>
        <ol aria-label={`Operations on ${name}`} className="pt-2 text-[13px]">
          {operations.map((operation) => (
            <li
              key={`${operation.client} ${operation.callMs}`}
              className={clsx(
                'grid grid-cols-[2.5rem_3rem_minmax(0,1fr)_auto] gap-x-2 border-t border-line py-1',
                operation.place === null && 'font-medium',
              )}
            >
              <span className={clsx('text-right', operation.place === null && 'text-danger')}>
                {operation.place ?? '✕'}
              </span>
              <span className="font-mono text-quiet">{operation.client}</span>
              <span className="wrap-anywhere">{operation.words}</span>
              <span className="font-mono text-quiet">{timesOf(operation)}</span>
            </li>
          ))}
        </ol>
      </figure>
    </Panel>
  );
}

function timesOf({ callMs, returnedMs }: ClashOperation): string {
  return `${callMs.toFixed(1)} to ${returnedMs === null ? 'never' : returnedMs.toFixed(1)} ms`;
}

function sentenceOf(operation: ClashOperation): string {
  return `${operation.client} ${operation.words}, ${timesOf(operation)}`;
}
