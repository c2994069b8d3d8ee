'use client';

import { useState } from 'react';
import { TopBar } from '../cluster/top-bar.tsx';
import { VerdictBar } from '../cluster/verdict-bar.tsx';
import { Segments } from '../ui/segments.tsx';
import { RANGES } from './frame.ts';
import type { Range } from './frame.ts';
import { MetricsBoard } from './metrics-board.tsx';
import { MetricsHelp } from './metrics-help.tsx';

/** What the cluster did, second by second, with what happened meanwhile on every chart. */
export function MetricsPage() {
  const [range, setRange] = useState<Range>(5);
  return (
    <>
      <TopBar here="metrics" help={<MetricsHelp />} />
      <VerdictBar />
      <main
        data-testid="metrics-page"
        data-range={range}
        className="flex min-h-0 flex-1 flex-col gap-3 p-2 sm:p-4"
      >
        <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-2">
          <p className="text-sm text-quiet">
            One point a second; a line breaks where nothing was measured. UTC.
          </p>
          <Segments
            legend="Time shown"
            name="range"
            options={RANGES}
            value={range}
            textOf={(minutes) => `${minutes} min`}
            onValue={(minutes) => setRange(minutes)}
          />
        </div>
        <MetricsBoard range={range} />
      </main>
    </>
  );
}
