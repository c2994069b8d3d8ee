import { connection } from 'next/server';
import { ClusterView } from '../contracts/view.ts';
import { Charts } from '../components/charts/charts.tsx';
import { Stage } from '../components/cluster/stage.tsx';
import { TopBar } from '../components/cluster/top-bar.tsx';
import { VerdictBar } from '../components/cluster/verdict-bar.tsx';
import { DataConsole } from '../components/data/data-console.tsx';
import { EventFeed } from '../components/feed/event-feed.tsx';
import { LiveProvider } from '../components/live/live-provider.tsx';
import { LiveRoot } from '../components/live/live-root.tsx';
import { LogMatrix } from '../components/log/log-matrix.tsx';
import { Panel } from '../components/ui/panel.tsx';

/** The live page: everything a person needs to write, read, watch and break, without scrolling at 1440 x 900. */
export default async function LivePage() {
  await connection();
  return (
    <LiveProvider initial={await firstView()}>
      <LiveRoot>
        <div className="sticky top-0 z-20">
          <TopBar />
          <VerdictBar />
        </div>
        <main className="grid min-h-0 flex-1 grid-cols-1 gap-4 p-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,568px)]">
          <div className="grid min-h-0 gap-4 lg:grid-rows-[minmax(452px,3fr)_minmax(0,2fr)]">
            <Panel title="Cluster" hideTitle>
              <Stage />
            </Panel>
            <Panel title="Replicated log" className="h-80 lg:h-auto">
              <LogMatrix />
            </Panel>
          </div>
          <div className="grid min-h-0 gap-4 lg:grid-rows-[auto_176px_minmax(0,1fr)]">
            <Panel title="Data" hideTitle>
              <DataConsole />
            </Panel>
            <Panel title="Charts" hideTitle className="h-44 lg:h-auto">
              <Charts />
            </Panel>
            <Panel title="Events" className="h-72 lg:h-auto">
              <EventFeed />
            </Panel>
          </div>
        </main>
      </LiveRoot>
    </LiveProvider>
  );
}

/** The view as it is now, so that the first paint already shows the cluster. Null when it cannot be had: the stream will bring it. */
async function firstView(): Promise<ClusterView | null> {
  const url = process.env['CHRONORAFT_URL'];
  if (url === undefined) return null;
  try {
    const response = await fetch(`${url}/api/v1/cluster`, { cache: 'no-store' });
    const parsed = ClusterView.safeParse(await response.json());
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
