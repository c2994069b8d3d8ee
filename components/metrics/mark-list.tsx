'use client';

import type { ReactNode } from 'react';
import { markWords } from '../../client/metrics-marks.ts';
import type { Marks } from '../../client/metrics-marks.ts';
import { secondOf } from '../live/live-provider.tsx';

/** What the marks on the charts mean, and each of them in words, newest first. */
export function MarkList({ marks }: { readonly marks: Marks }) {
  const words = markWords(marks);
  return (
    <section
      aria-label="Marks on the charts"
      data-testid="metrics-marks"
      className="flex h-full min-h-0 min-w-0 flex-col rounded-lg border border-line bg-surface px-3 pt-1.5 text-xs"
    >
      <ul className="flex flex-wrap gap-x-3 gap-y-0.5 text-[11px] text-quiet" aria-label="Legend">
        <Legend name="another leader">
          <path d="M9 0v10" stroke="var(--role-leader)" strokeWidth="1.5" strokeDasharray="2 2" />
        </Legend>
        <Legend name="a node down">
          <rect width="18" height="10" fill="url(#metrics-down)" />
        </Legend>
        <Legend name="no leader">
          <rect width="18" height="10" fill="url(#metrics-leaderless)" />
        </Legend>
        <Legend name="faulty links">
          <rect width="18" height="10" fill="url(#metrics-links)" />
        </Legend>
      </ul>
      <ol
        aria-label="Marks, newest first"
        tabIndex={0}
        className="mt-1 min-h-0 flex-1 overflow-auto border-t border-line pt-1 -outline-offset-2"
      >
        {words.length === 0 && <li className="text-quiet">Nothing happened in this time.</li>}
        {words.map(({ atMs, text }) => (
          <li key={`${atMs} ${text}`} className="flex gap-3 py-0.5">
            <span className="shrink-0 font-mono text-quiet">{secondOf(atMs)}</span>
            {text}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Legend({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <li className="flex items-center gap-1">
      <svg viewBox="0 0 18 10" className="w-[18px]" aria-hidden="true">
        {children}
      </svg>
      {name}
    </li>
  );
}
