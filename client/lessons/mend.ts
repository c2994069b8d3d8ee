/** What of the cluster is broken, and mending it: links healed, nodes started, until it is well again. */
import { laneWords, nodeFaultWords } from '../fault-words.ts';
import { HEAL } from '../fault-requests.ts';
import type { ApiResult } from '../api-failure.ts';
import type { ChronoraftClient } from '../http-client.ts';
import { whyNotThree } from './three-voters.ts';
import { verdictOf } from '../verdict.ts';
import type { ClusterView } from '../../contracts/view.ts';

/** In words, one a fault; empty when nothing is. */
export function brokenIn({ nodes, links }: ClusterView): readonly string[] {
  return [
    ...nodes.filter(({ state }) => state !== 'serving').map(({ id, state }) => `${id} is ${state}`),
    ...nodes.flatMap(({ id, faults }) =>
      nodeFaultWords(faults, null).map(({ text }) => `${id}: ${text}`),
    ),
    ...links.flatMap((link) => {
      const words = laneWords(link);
      return words === '' ? [] : [`the way from ${link.from} to ${link.to}: ${words}`];
    }),
  ];
}

/** Why no lesson can begin now; null when one can. */
export function whyUnfit(view: ClusterView): string | null {
  const size = whyNotThree(view);
  if (size !== null) return size;
  const broken = brokenIn(view);
  if (broken.length > 0) return `Not all is whole: ${broken.join(', ')}`;
  const verdict = verdictOf(view);
  return verdict.state === 'healthy' ? null : `${verdict.word}: ${verdict.sentence}`;
}

/** Asks for it all; answers when every request is answered. That nodes agree again takes longer: see {@link isWell}. */
export async function askToMend(
  client: ChronoraftClient,
  view: ClusterView,
): Promise<ApiResult<unknown>> {
  const down = view.nodes.filter(({ state }) => state === 'down' || state === 'failed');
  const results = await Promise.all([
    client.fault(HEAL),
    ...down.map(({ id }) => client.act(id, 'revive')),
  ]);
  return (
    results.find((result) => !result.ok && result.failure.code !== 'CONFLICT') ?? {
      ok: true,
      value: null,
    }
  );
}

export function isWell(view: ClusterView): boolean {
  return brokenIn(view).length === 0 && verdictOf(view).state === 'healthy';
}
