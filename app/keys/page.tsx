import { connection } from 'next/server';
import { KeysPage } from '../../components/keys/keys-page.tsx';
import { Shell } from '../shell.tsx';

export const metadata = { title: 'Keys · Chronoraft' };

interface Props {
  readonly searchParams: Promise<Readonly<Record<string, string | readonly string[] | undefined>>>;
}

/** The temporal explorer: keys, records and their history, at any time. */
export default async function Keys({ searchParams }: Props) {
  await connection();
  return (
    <Shell>
      <KeysPage query={queryOf(await searchParams)} nowMs={Date.now()} />
    </Shell>
  );
}

/** Of a parameter that is given twice, the first. */
function queryOf(params: Awaited<Props['searchParams']>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    const text = typeof value === 'string' ? value : value?.[0];
    if (text !== undefined) query.set(name, text);
  }
  return query.toString();
}
