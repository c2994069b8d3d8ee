import { connection } from 'next/server';
import { LogPage } from '../../components/log/log-page.tsx';
import { Shell } from '../shell.tsx';

export const metadata = { title: 'Log · Chronoraft' };

/** The replicated log of every node, from its beginning to its end. */
export default async function Log() {
  await connection();
  return (
    <Shell>
      <LogPage />
    </Shell>
  );
}
