'use client';

import { useState } from 'react';
import type { EntryView } from '../../contracts/view.ts';
import { TopBar } from '../cluster/top-bar.tsx';
import { VerdictBar } from '../cluster/verdict-bar.tsx';
import { useLive } from '../live/live-provider.tsx';
import { Panel } from '../ui/panel.tsx';
import { EntryPanel } from './entry-panel.tsx';
import { JumpBar } from './jump-bar.tsx';
import { LogHelp } from './log-help.tsx';
import { LogMatrix } from './log-matrix.tsx';
import { OverwrittenList } from './overwritten-list.tsx';
import { useOverwritten } from './use-overwritten.ts';

interface Chosen {
  readonly index: number;
  readonly entry: EntryView | undefined;
}

/** Every node's log side by side, with one entry in full beside it and what was overwritten. */
export function LogPage() {
  const [chosen, setChosen] = useState<Chosen | null>(null);
  return (
    <>
      <TopBar here="log" help={<LogHelp />} />
      <VerdictBar />
      <main
        data-testid="log-page"
        className="grid min-h-0 flex-1 grid-cols-1 gap-4 p-2 sm:p-4 wide:grid-cols-[minmax(0,1fr)_24rem]"
      >
        <Panel title="Replicated log" hideTitle className="h-[34rem] desk:h-auto">
          <LogMatrix
            selection={{
              index: chosen?.index ?? null,
              onSelect: (index, entry) => setChosen({ index, entry }),
            }}
            above={(sight) => <JumpBar {...sight} />}
          />
        </Panel>
        <Beside chosen={chosen} />
      </main>
    </>
  );
}

function Beside({ chosen }: { readonly chosen: Chosen | null }) {
  const view = useLive((state) => state.view);
  const places = useOverwritten(view);
  return (
    <div className="grid min-h-0 min-w-0 gap-4 desk:grid-rows-[minmax(0,3fr)_minmax(0,2fr)]">
      <Panel title="Entry" className="min-h-40">
        <div className="h-full overflow-auto">
          {view !== null && (
            <EntryPanel view={view} index={chosen?.index ?? null} chosen={chosen?.entry} />
          )}
        </div>
      </Panel>
      <Panel title="Overwritten" className="max-h-96 min-h-28 desk:max-h-none">
        <div className="h-full max-h-80 overflow-auto desk:max-h-none">
          <OverwrittenList places={places} />
        </div>
      </Panel>
    </div>
  );
}
