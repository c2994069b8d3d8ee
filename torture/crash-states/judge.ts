/**
 * May a store be found like this after a crash at that moment? The log is that
 * of one moment, not before what was acknowledged and not after what was asked
 * for; so is the applied state; and a snapshot is in both or in neither.
 */
import type { Found } from './found.ts';
import type { Progress } from './progress.ts';
import type { Workload } from './workload.ts';

type History = Pick<Workload, 'stagedTo' | 'installs'>;

/** What is wrong, in words; null when nothing is. */
export function judge(found: Found, progress: Progress, history: History): string | null {
  const { log, save, opens, storeId } = progress;
  if (storeId !== null && found.storeId !== storeId)
    return `it is the store ${found.storeId}, and was ${storeId}`;
  // Ours is one more.
  if (found.bootEpoch <= opens.done || found.bootEpoch > opens.begun + 1)
    return `its boot epoch is ${found.bootEpoch}, and it was opened ${opens.done} times`;
  const logs = found.logs.filter((number) => number >= log.done && number <= log.begun);
  if (logs.length === 0) return `the log, ${told(found.log, found.logs, log, 'write')}`;
  const applied = found.applied.filter((number) => number >= save.done && number <= save.begun);
  if (applied.length === 0) return `the state, ${told(found.state, found.applied, save, 'save')}`;
  const together = logs.some((write) =>
    applied.some((change) =>
      history.installs.every((at) => write >= at.log === change >= at.applied),
    ),
  );
  if (!together)
    return `half of a snapshot: the log is that of write ${logs.join()}, the state that of save ${applied.join()}`;
  return judgeReach(found, progress, history);
}

function told(
  what: string,
  moments: readonly number[],
  { begun, done }: Progress['log'],
  request: string,
): string {
  if (moments.length === 0) return `${what}, is that of no moment`;
  return `${what}, is that of ${request} ${moments.join()}, when ${done} was acknowledged and ${begun} begun`;
}

/** Rows that were staged are there, whole pieces alone. */
function judgeReach(
  { reach, lastApplied }: Found,
  { stage }: Progress,
  { stagedTo }: History,
): string | null {
  const may = stagedTo
    .slice(stage.done, stage.begun + 1)
    .map((upTo) => Math.max(upTo, lastApplied));
  if (may.includes(reach)) return null;
  return `rows reach ${reach}, not ${[...new Set(may)].join(' or ')}`;
}
