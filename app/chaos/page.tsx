import { connection } from 'next/server';
import { ChaosPage } from '../../components/chaos/chaos-page.tsx';
import { Shell } from '../shell.tsx';

export const metadata = { title: 'Chaos · Chronoraft' };

/** Chaos runs: a new one, and those that were. */
export default async function Chaos() {
  await connection();
  return (
    <Shell>
      <ChaosPage />
    </Shell>
  );
}
