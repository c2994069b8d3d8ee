import { connection } from 'next/server';
import { Charts } from '../components/charts/charts.tsx';
import { ClusterSpeed } from '../components/cluster/cluster-speed.tsx';
import { InvariantsStrip } from '../components/cluster/invariants-strip.tsx';
import { LiveHelp } from '../components/cluster/live-help.tsx';
import { Stage } from '../components/cluster/stage.tsx';
import { TopBar } from '../components/cluster/top-bar.tsx';
import { VerdictBar } from '../components/cluster/verdict-bar.tsx';
import { DataConsole } from '../components/data/data-console.tsx';
import { EventFeed } from '../components/feed/event-feed.tsx';
import { Lessons } from '../components/lessons/lessons.tsx';
import { LogMatrix } from '../components/log/log-matrix.tsx';
import { LiveOrPresent } from '../components/present/presentation.tsx';
import { TimeBar } from '../components/time/time-bar.tsx';
import { Panel } from '../components/ui/panel.tsx';
import { Shell } from './shell.tsx';

/** The live page: everything a person needs to write, read, watch and break, without scrolling at 1440 x 900. */
export default async function LivePage() {
  await connection();
  return (
    <Shell>
      <LiveOrPresent>
        <div className="sticky top-0 z-20">
          <TopBar
            here="live"
            help={
              <>
                <Lessons />
                <LiveHelp />
              </>
            }
          />
          <VerdictBar />
          <InvariantsStrip />
        </div>
        <main className="grid min-h-0 flex-1 grid-cols-1 gap-4 p-2 sm:p-4 desk:gap-3 desk:p-3 wide:grid-cols-[minmax(0,824fr)_minmax(0,568fr)]">
          <div className="grid min-h-0 min-w-0 gap-4 desk:gap-3 desk:grid-rows-[minmax(26rem,1fr)_14.25rem]">
            <p
              data-testid="what-to-try"
              className="px-2 text-sm text-quiet sm:px-0 desk:hidden xl:hidden"
            >
              A real Raft cluster: kill the leader, keep writing, read the past. Lessons show how.
            </p>
            <Panel title="Cluster" hideTitle>
              <Stage />
            </Panel>
            <Panel title="Replicated log" className="h-80 desk:h-auto">
              <LogMatrix />
            </Panel>
          </div>
          <div className="grid min-h-0 min-w-0 gap-4 desk:gap-3 desk:grid-rows-[minmax(0,auto)_8.5rem_minmax(7.75rem,1fr)]">
            <Panel title="Data" hideTitle>
              <DataConsole />
            </Panel>
            <Panel title="Charts" hideTitle className="h-44 desk:h-auto">
              <Charts />
            </Panel>
            <Panel title="Events" hideTitle className="h-72 desk:h-auto">
              <EventFeed />
            </Panel>
          </div>
        </main>
        <footer className="contents wide:sticky wide:bottom-0 wide:z-30 wide:flex">
          <ClusterSpeed />
          <TimeBar />
        </footer>
      </LiveOrPresent>
    </Shell>
  );
}
