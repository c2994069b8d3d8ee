import { headers } from 'next/headers';
import { SERVER_HEADER, takeFirstView } from '../contracts/first-view.ts';
import { ClusterView } from '../contracts/view.ts';

/** The cluster as it is now, so that the first paint already shows it. Null when it cannot be had: the stream will bring it. */
export async function firstView(): Promise<ClusterView | null> {
  const server = (await headers()).get(SERVER_HEADER);
  const parsed = ClusterView.safeParse(takeFirstView(server ?? ''));
  return parsed.success ? parsed.data : null;
}
