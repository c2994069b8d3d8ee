import { connection } from 'next/server';
import { MetricsPage } from '../../components/metrics/metrics-page.tsx';
import { Shell } from '../shell.tsx';

export const metadata = { title: 'Metrics · Chronoraft' };

/** How much the cluster does, how fast, and what happened meanwhile. */
export default async function Metrics() {
  await connection();
  return (
    <Shell>
      <MetricsPage />
    </Shell>
  );
}
