/** Waits until the cluster has a leader and its nodes agree, and says whether their states are equal. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosCheck } from '../../contracts/chaos.ts';
import type { Battlefield } from './striker.ts';

const LOOK_EVERY_MS = 50;
const SETTLE_WITHIN_MS = 30_000;

/** `wereFailed`: nodes that had failed before the run. */
export async function settle(
  { supervisor, leaders, fold }: Battlefield,
  wereFailed: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ChaosCheck> {
  const untilMs = performance.now() + SETTLE_WITHIN_MS;
  const told = (status: ChaosCheck['status'], checked: number, words: string): ChaosCheck => ({
    check: 'states',
    status,
    checked,
    words,
  });
  for (;;) {
    const nodes = supervisor.nodes.map((id) => fold.nodeView(id));
    const failed = nodes.find(({ id, state }) => state === 'failed' && !wereFailed.has(id));
    if (failed !== undefined)
      return told(
        'fail',
        nodes.length,
        `${failed.id} stopped itself: ${failed.reason ?? 'no reason'}.`,
      );
    const serving = nodes.filter(({ state }) => state === 'serving');
    const differs = serving.find((node) =>
      serving.some(
        (other) => other.stateHashAt === node.stateHashAt && other.stateHash !== node.stateHash,
      ),
    );
    if (differs !== undefined)
      return told(
        'fail',
        serving.length,
        `${differs.id} holds another state than its peers at revision ${differs.stateHashAt}.`,
      );
    const [first] = serving;
    const agree =
      first !== undefined && serving.every(({ stateHashAt }) => stateHashAt === first.stateHashAt);
    if (agree && leaders.leader !== null)
      return told(
        'pass',
        serving.length,
        `All ${serving.length} nodes hold the same state at revision ${first.stateHashAt}.`,
      );
    if (signal.aborted || performance.now() >= untilMs)
      return told(
        'unknown',
        serving.length,
        leaders.leader === null
          ? 'There was no leader in the end.'
          : 'The nodes did not come to rest at one revision, so they were not compared.',
      );
    await delay(LOOK_EVERY_MS);
  }
}
