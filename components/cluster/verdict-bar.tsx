'use client';

import clsx from 'clsx';
import { TriangleAlert } from 'lucide-react';
import { verdictOf } from '../../client/verdict.ts';
import { useLive } from '../live/live-provider.tsx';

/** The one sentence that is never off screen, and the headline numbers. */
export function VerdictBar() {
  const { view, stale } = useLive((state) => ({
    view: state.view,
    stale: state.conn === 'reconnecting',
  }));
  if (view === null) {
    return (
      <div className="flex h-14 items-center border-b border-line bg-surface px-4 text-quiet">
        Waiting for the first word from the cluster…
      </div>
    );
  }
  const verdict = verdictOf(view);
  const last = view.metrics.at(-1);
  const commit = Math.max(...view.nodes.map((node) => node.commitIndex));
  const alarming = verdict.state === 'no-quorum' || verdict.state === 'stopped';
  return (
    <div
      className={clsx(
        'flex min-h-14 flex-wrap items-center gap-x-6 gap-y-1 border-b border-line px-4 py-2',
        alarming ? 'bg-danger-wash' : 'bg-surface',
        stale && 'stale',
      )}
    >
      <p
        role="status"
        data-testid="cluster-verdict"
        data-state={verdict.state}
        data-leader={verdict.leader ?? ''}
        data-term={verdict.term}
        data-tolerates={verdict.tolerates}
        className="flex min-w-0 items-baseline gap-2 text-base sm:text-xl"
      >
        {verdict.state !== 'healthy' && (
          <TriangleAlert
            aria-hidden="true"
            className={clsx('size-4 shrink-0 self-center sm:size-5', alarming && 'text-danger')}
            fill={alarming ? 'currentColor' : 'none'}
            stroke={alarming ? 'var(--surface)' : 'currentColor'}
          />
        )}
        <span>
          <strong className={clsx('font-semibold', alarming && 'text-danger')}>
            {verdict.word}:
          </strong>{' '}
          {verdict.sentence}
        </span>
      </p>
      <dl className="ml-auto flex gap-6 text-[13px]">
        <Headline name="commit index" value={commit.toLocaleString('en')} />
        <Headline name="commits/s" value={(last?.writesPerSecond ?? 0).toLocaleString('en')} />
        <Headline
          name="commit p99"
          value={last?.commitP99Ms == null ? '–' : `${last.commitP99Ms.toFixed(1)} ms`}
        />
      </dl>
    </div>
  );
}

function Headline({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div className="flex flex-col items-end">
      <dt className="order-2 text-xs text-quiet">{name}</dt>
      <dd className="font-mono text-base leading-5">{value}</dd>
    </div>
  );
}
