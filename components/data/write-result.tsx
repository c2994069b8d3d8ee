'use client';

import { formatNear } from '../../client/time-input.ts';
import { awaited } from '../../client/write-steps.ts';
import { SlowNote } from '../cluster/slow-note.tsx';
import { useStream } from '../live/live-provider.tsx';
import { useFollowedWrite } from './followed-write.ts';
import { OutcomeWord } from './outcome-word.tsx';
import type { Outcome } from './use-write.ts';

interface WriteResultProps {
  readonly outcome: Outcome;
  readonly problem: string | null;
  /** What is typed is wrong; else something is only not typed yet. */
  readonly isMistake: boolean;
  readonly nowMs: number;
  onAgain(): void;
}

/** What became of the last write, or what it waits for. */
export function WriteResult({ outcome, problem, isMistake, nowMs, onAgain }: WriteResultProps) {
  const answer = outcome.kind === 'committed' ? outcome.answer : null;
  return (
    <div
      role="status"
      data-testid="write-result"
      data-outcome={outcome.kind === 'none' ? '' : outcome.kind}
      data-index={answer?.revision ?? ''}
      data-term={answer?.term ?? ''}
      data-revision={answer?.revision ?? ''}
      data-at-ms={answer?.timestamp ?? ''}
      className="min-h-5 text-[13px] leading-5"
    >
      {outcome.kind === 'none' && (
        <p className={isMistake ? 'text-danger' : 'text-quiet'}>
          {problem ?? 'A write is answered once a quorum has it on disk.'}
        </p>
      )}
      {outcome.kind === 'under-way' && (
        <p className="text-quiet">
          <Awaited /> <SlowNote />
        </p>
      )}
      {outcome.kind === 'committed' && (
        <p>
          <OutcomeWord outcome="committed" /> <Committed {...outcome} nowMs={nowMs} />
        </p>
      )}
      {(outcome.kind === 'rejected' ||
        outcome.kind === 'no-leader' ||
        outcome.kind === 'timed-out') && (
        <p>
          <OutcomeWord outcome={outcome.kind} /> {outcome.failure.message}
        </p>
      )}
      {outcome.kind === 'unknown' && (
        <p>
          <OutcomeWord outcome="unknown" /> <Doubt />{' '}
          <button
            type="button"
            onClick={onAgain}
            title="The same write under the same name: it is applied once, however often it is sent"
            className="underline underline-offset-2"
          >
            Send it again
          </button>
          , it counts once
        </p>
      )}
    </div>
  );
}

function Awaited() {
  const track = useFollowedWrite((state) => state.track);
  const hasLeader = useStream(
    ({ view }) =>
      view?.nodes.some(({ state, role }) => state === 'serving' && role === 'leader') ?? true,
  );
  return awaited(track, hasLeader);
}

/** What is seen of a write that nobody answered. */
function Doubt() {
  const track = useFollowedWrite((state) => state.track);
  const index = track?.place?.index ?? null;
  if (track === null || index === null) return 'it may be committed, now or later.';
  if (track.isCommitted) return `entry ${index} is committed, its answer is missing.`;
  return track.overwrittenIn === null
    ? `entry ${index} may be committed, now or later.`
    : `entry ${index} was overwritten in term ${track.overwrittenIn}, but it may come again.`;
}

function Committed({
  verb,
  answer,
  tookMs,
  isLate,
  nowMs,
}: Extract<Outcome, { kind: 'committed' }> & { readonly nowMs: number }) {
  const late = isLate && 'after all: ';
  if (answer.revision === null) {
    return <span>{late}there was nothing to delete, so nothing was written</span>;
  }
  return (
    <span>
      {late}
      {verb === 'delete' && 'deleted, '}revision{' '}
      <span className="font-mono">{answer.revision}</span> at{' '}
      <span className="font-mono">{formatNear(answer.timestamp, nowMs)}</span>
      {!isLate && (
        <>
          , by {answer.leader} in term <span className="font-mono">{answer.term}</span>,{' '}
          {tookMs.toFixed(0)} ms
        </>
      )}
    </span>
  );
}
