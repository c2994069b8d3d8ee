'use client';

import { TopBar } from '../cluster/top-bar.tsx';
import { VerdictBar } from '../cluster/verdict-bar.tsx';
import { Panel } from '../ui/panel.tsx';
import { ChaosForm } from './chaos-form.tsx';
import { ChaosHelp } from './chaos-help.tsx';
import { RunList } from './run-list.tsx';

/** Where chaos runs are begun and found again. */
export function ChaosPage() {
  return (
    <>
      <TopBar here="chaos" help={<ChaosHelp />} />
      <VerdictBar />
      <main
        data-testid="chaos-page"
        className="grid min-h-0 flex-1 grid-cols-1 content-start gap-4 p-2 sm:p-4 wide:grid-cols-[minmax(0,40rem)_minmax(0,1fr)] desk:content-stretch"
      >
        <Panel title="New run" hideTitle className="desk:overflow-y-auto">
          <ChaosForm />
        </Panel>
        <Panel title="Runs" hideTitle>
          <RunList />
        </Panel>
      </main>
    </>
  );
}
