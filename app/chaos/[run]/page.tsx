import { connection } from 'next/server';
import { RunPage } from '../../../components/chaos/run-page.tsx';
import { Shell } from '../../shell.tsx';

export const metadata = { title: 'Chaos run · Chronoraft' };

interface Props {
  readonly params: Promise<{ readonly run: string }>;
}

/** One chaos run, while it goes on and when it is judged. */
export default async function Run({ params }: Props) {
  await connection();
  return (
    <Shell>
      <RunPage id={decodeURIComponent((await params).run)} />
    </Shell>
  );
}
