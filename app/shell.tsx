import type { ReactNode } from 'react';
import { ActionsProvider } from '../components/actions/actions-provider.tsx';
import { ForecastProvider } from '../components/cluster/forecast.tsx';
import { LiveProvider } from '../components/live/live-provider.tsx';
import { LiveRoot } from '../components/live/live-root.tsx';
import { ToastProvider } from '../components/ui/toast.tsx';
import { firstView } from './first-view.ts';

/** What every page stands in: the live view of the cluster, and what actions need. */
export async function Shell({ children }: { readonly children: ReactNode }) {
  return (
    <LiveProvider initial={await firstView()}>
      <LiveRoot>
        <ToastProvider>
          <ForecastProvider>
            <ActionsProvider>{children}</ActionsProvider>
          </ForecastProvider>
        </ToastProvider>
      </LiveRoot>
    </LiveProvider>
  );
}
