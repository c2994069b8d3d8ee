'use client';

import clsx from 'clsx';
import { TriangleAlert } from 'lucide-react';
import { speedNote } from '../../client/pace-state.ts';
import { headlineOf } from '../../client/verdict.ts';
import type { Verdict } from '../../client/verdict.ts';
import { secondOf, useLive, useViewingState } from '../live/live-provider.tsx';
import { useForecast } from './forecast.tsx';
import { useTitle } from './use-title.ts';

/** The one sentence that is never off screen, and the headline numbers. */
export function VerdictBar() {
  const verdict = useLive(({ view }): Partial<Verdict> => (view === null ? {} : headlineOf(view)));
  const stale = useLive((state) => state.conn === 'reconnecting');
  const atMs = useViewingState((state) => state.atMs);
  const speed = useLive(({ view }) => speedNote(view?.pace.pace ?? 1));
  const forecast = useForecast();
  const isViolated = verdict.state === 'violated';
  const isAlarming = isViolated || verdict.state === 'no-quorum' || verdict.state === 'stopped';
  useTitle(isViolated ? `${verdict.word}: ${verdict.sentence}` : null);
  return (
    <div
      className={clsx(
        'flex min-h-14 flex-wrap items-center gap-x-6 gap-y-1 border-b border-line px-4 py-1.5',
        isAlarming ? 'bg-danger-wash' : 'bg-surface',
        // The bar itself stays opaque: the page scrolls under it.
        stale && '*:stale grayscale',
      )}
    >
      <div className="relative min-w-0">
        <p
          role={isViolated ? 'alert' : 'status'}
          data-testid="cluster-verdict"
          data-state={verdict.state ?? ''}
          data-leader={verdict.leader ?? ''}
          data-term={verdict.term ?? ''}
          data-tolerates={verdict.tolerates ?? ''}
          className={clsx(
            'flex min-w-0 items-baseline gap-2 text-base leading-6 sm:text-xl sm:leading-7',
            forecast !== null && 'sm:-translate-y-2',
          )}
        >
          {verdict.state !== undefined && verdict.state !== 'healthy' && (
            <TriangleAlert
              aria-hidden="true"
              className={clsx('size-4 shrink-0 self-center sm:size-5', isAlarming && 'text-danger')}
              fill={isAlarming ? 'currentColor' : 'none'}
              stroke={isAlarming ? 'var(--danger-wash)' : 'currentColor'}
            />
          )}
          {verdict.state === undefined ? (
            <span className="text-quiet">Waiting for the first word from the cluster…</span>
          ) : (
            <span>
              {stale && 'Last known: '}
              {atMs !== null && `At ${secondOf(atMs)} UTC: `}
              <strong className={clsx('font-semibold', isAlarming && 'text-danger')}>
                {verdict.word}:
              </strong>{' '}
              {verdict.sentence}
              {speed}
            </span>
          )}
        </p>
        {forecast !== null && (
          <p
            aria-hidden="true"
            className="absolute top-full left-0 hidden -translate-y-2.5 text-sm whitespace-nowrap text-quiet sm:block"
          >
            {forecast}
          </p>
        )}
      </div>
      <Headlines />
    </div>
  );
}

function Headlines() {
  const { commit, perSecond, p99 } = useLive(({ view }) => {
    const last = view?.metrics.at(-1);
    return {
      commit: view === null ? null : Math.max(...view.nodes.map((node) => node.commitIndex)),
      perSecond: last?.writesPerSecond ?? null,
      p99: last?.commitP99Ms ?? null,
    };
  });
  return (
    <dl className="flex w-full justify-between gap-6 sm:ml-auto sm:w-auto presenting:max-[110rem]:hidden">
      <Headline name="commit index" value={commit?.toLocaleString('en')} />
      <Headline name="commits/s" value={perSecond?.toLocaleString('en')} />
      <Headline name="p99 commit" value={p99 === null ? undefined : `${p99.toFixed(1)} ms`} />
    </dl>
  );
}

interface HeadlineProps {
  readonly name: string;
  readonly value: string | undefined;
}

function Headline({ name, value = '–' }: HeadlineProps) {
  return (
    <div className="flex flex-col sm:items-end">
      <dt className="order-2 text-xs text-quiet">{name}</dt>
      <dd className="font-mono text-base leading-5 font-medium">{value}</dd>
    </div>
  );
}
