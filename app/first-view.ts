import { ClusterView } from '../contracts/view.ts';

/** The cluster as it is now, so that the first paint already shows it. Null when it cannot be had: the stream will bring it. */
export async function firstView(): Promise<ClusterView | null> {
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
