'use client';

import { History as PastIcon } from 'lucide-react';
import type { CellName } from '../../client/cell-changes.ts';
import { formatTimestamp, writeAsOf } from '../../client/time-input.ts';
import type { AsOf } from '../../client/time-input.ts';
import type { GetAnswer, HistoryAnswer } from '../../contracts/kv.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { timeStops } from './time-stops.ts';
import { valueTitle, ValueText } from './value-text.tsx';
import type { Question, Reading } from './use-reading.ts';

interface ReadFormProps {
  readonly cell: CellName;
  onCell(cell: CellName): void;
  /** What is typed into "As of", and what it means. */
  readonly asOf: string;
  readonly asked: AsOf;
  onAsOf(text: string): void;
  readonly localNode: string | null;
  onLocalNode(node: string | null): void;
  /** Of the field that is named in the form; gives the slider its stops. */
  readonly history: HistoryAnswer | null;
  readonly reading: Reading;
  readonly busy: boolean;
  /** Read now, as of `text`. */
  onRead(text: string): void;
}

/** Reads one field: now, at a time, or as of a revision; from the leader with a quorum, or one node's own copy. */
export function ReadForm({
  cell,
  onCell,
  asOf,
  asked,
  onAsOf,
  localNode,
  onLocalNode,
  history,
  reading,
  busy,
  onRead,
}: ReadFormProps) {
  const disabled = useActionsDisabled();
  const voters = useLive((state) => state.view?.members ?? NO_VOTERS);
  const problem = asked.ok
    ? cell.key === '' || cell.field === ''
      ? 'Key and field are needed'
      : null
    : asked.message;
  const because = disabled ?? problem;
  return (
    <form
      data-testid="read-form"
      aria-label="Read"
      className="flex min-w-0 flex-col gap-2 p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (because === null) onRead(asOf);
      }}
    >
      <div className="flex items-end gap-2">
        <TextField
          className="flex-1"
          label="Key"
          value={cell.key}
          onValue={(key) => onCell({ ...cell, key })}
        />
        <TextField
          className="flex-1"
          label="Field"
          value={cell.field}
          onValue={(field) => onCell({ ...cell, field })}
        />
        <Button type="submit" tone="primary" disabledBecause={because}>
          Read
        </Button>
      </div>
      <div className="flex items-end gap-2">
        <TextField
          className="flex-1"
          label="As of"
          placeholder="now, -5m, rev 57"
          title="now, -5m, 14:03:22, 2026-11-21 14:03, 1500, rev 57, or a time and a revision; UTC unless a zone is named"
          value={asOf}
          onValue={onAsOf}
          error={asked.ok ? null : asked.message}
        />
        <label className="flex flex-col gap-0.5">
          <span className="text-xs text-quiet">From</span>
          <select
            value={localNode ?? ''}
            onChange={(event) => onLocalNode(event.target.value === '' ? null : event.target.value)}
            title="Linearizable: the leader asks a quorum, so no newer answer exists. A node's own copy may lag, and answers without a quorum."
            className="h-8 rounded-lg border border-line-strong bg-raised px-1.5 text-[13px]"
          >
            <option value="">quorum</option>
            {voters.map((id) => (
              <option key={id} value={id}>
                {id} alone
              </option>
            ))}
          </select>
        </label>
      </div>
      <TimeSlider asked={asked} history={history} disabled={disabled !== null} onRead={onRead} />
      <ReadResult
        reading={reading}
        busy={busy}
        problem={asked.ok ? null : asked.message}
        history={history}
        onNow={() => onRead('')}
      />
    </form>
  );
}

const NO_VOTERS: readonly string[] = [];

interface TimeSliderProps {
  readonly asked: AsOf;
  readonly history: HistoryAnswer | null;
  readonly disabled: boolean;
  onRead(text: string): void;
}

/** The same time as the text box, in steps: one for each change of the field, and now at the right end. */
function TimeSlider({ asked, history, disabled, onRead }: TimeSliderProps) {
  const stops = timeStops(history);
  const position = sliderPosition(stops, asked);
  const label = position === stops.length ? 'now' : formatTimestamp(stops[position] ?? 0);
  return (
    <div className="flex items-center gap-2">
      <input
        type="range"
        aria-label="As of"
        aria-valuetext={label}
        title={stops.length === 0 ? 'Read a field with versions first' : `As of ${label}`}
        // Without a history there is only now, at the right end.
        min={stops.length === 0 ? -1 : 0}
        max={stops.length}
        step={1}
        value={position}
        disabled={disabled || stops.length === 0}
        onChange={(event) => {
          const stop = stops[Number(event.target.value)];
          onRead(stop === undefined ? '' : writeAsOf({ at: stop }));
        }}
        className="min-w-0 flex-1 accent-text"
      />
      <span className="shrink-0 text-[11px] text-quiet">
        {position === stops.length ? 'now' : `${position + 1} of ${stops.length}`}
      </span>
    </div>
  );
}

/** The right end is now; else the last stop at or before the time asked for. */
function sliderPosition(stops: readonly number[], asked: AsOf): number {
  const at = asked.ok ? asked.coordinates.at : undefined;
  if (at === undefined) return stops.length;
  const after = stops.findIndex((stop) => stop > at);
  return Math.max(0, (after === -1 ? stops.length : after) - 1);
}

const ABSENT = {
  never: 'Nothing was ever written here',
  'not-yet': 'Nothing yet: its first version is later',
  deleted: 'Absent: it was deleted',
  expired: 'Absent: it had expired',
} as const;

interface ReadResultProps {
  readonly reading: Reading;
  readonly busy: boolean;
  readonly problem: string | null;
  readonly history: HistoryAnswer | null;
  onNow(): void;
}

function ReadResult({ reading, busy, problem, history, onNow }: ReadResultProps) {
  // While a question is open the page has no answer to it, whatever it still shows.
  const answer = reading.kind === 'answer' && !busy ? reading.answer : null;
  return (
    <div
      role="status"
      aria-busy={busy}
      data-testid="read-result"
      data-found={answer?.found ?? ''}
      data-revision={answer?.version?.revision ?? ''}
      data-from-ms={answer?.version?.timestamp ?? ''}
      data-to-ms={answer?.version?.validTo ?? ''}
      data-value={answer?.found === true ? JSON.stringify(answer.value) : ''}
      className="min-h-[104px] min-w-0 text-[13px] leading-5"
    >
      {problem !== null && <p className="text-danger">{problem}</p>}
      {problem === null && reading.kind === 'none' && (
        <p className="text-quiet">Read it now, or as it was at any time.</p>
      )}
      {problem === null && reading.kind === 'failed' && (
        <p className="text-danger">
          {reading.failure.message}
          {reading.failure.retryable && '. Reads change nothing: simply ask again.'}
        </p>
      )}
      {problem === null && reading.kind === 'answer' && (
        <Answer
          answer={reading.answer}
          question={reading.question}
          newest={newestNow(reading, history)}
          clusterTime={history?.clusterTime ?? Number.POSITIVE_INFINITY}
          onNow={onNow}
        />
      )}
    </div>
  );
}

/** Revision of a version that stands now and is newer than the one read as of now; null when there is none. */
function newestNow(
  { answer, question }: Extract<Reading, { kind: 'answer' }>,
  history: HistoryAnswer | null,
): number | null {
  const { at, asOf } = question.coordinates;
  if (history === null || at !== undefined || asOf !== undefined) return null;
  const standing = history.versions.findLast((version) => version.timestamp <= history.clusterTime);
  return standing !== undefined && standing.revision > answer.asOf ? standing.revision : null;
}

interface AnswerProps {
  readonly answer: GetAnswer;
  readonly question: Question;
  readonly newest: number | null;
  readonly clusterTime: number;
  onNow(): void;
}

function Answer({ answer, question, newest, clusterTime, onNow }: AnswerProps) {
  const { at, asOf } = question.coordinates;
  const isPast = at !== undefined || asOf !== undefined;
  return (
    <>
      {isPast && (
        <p className="mb-1 flex items-start gap-1.5 rounded-md border border-past px-1.5 py-0.5 font-medium text-past">
          <PastIcon className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
          <span className="min-w-0 flex-1">{describeTime(answer, question, clusterTime)}</span>
          <button type="button" onClick={onNow} className="shrink-0 underline underline-offset-2">
            Back to now
          </button>
        </p>
      )}
      {answer.version === null ? (
        <p className="text-base">{ABSENT[answer.absentBecause ?? 'never']}</p>
      ) : (
        <>
          <p
            data-testid="read-value"
            className="line-clamp-2 font-mono text-base break-all"
            title={valueTitle(answer.value)}
          >
            <ValueText value={answer.value} />
          </p>
          <p className="text-xs leading-5 text-quiet">
            since <span className="font-mono">{formatTimestamp(answer.version.timestamp)}</span>
            {answer.version.validTo !== undefined && (
              <>
                {' '}
                until <span className="font-mono">{formatTimestamp(answer.version.validTo)}</span>
              </>
            )}
          </p>
        </>
      )}
      <p className="text-xs leading-5 text-quiet">
        {answer.version !== null && `revision ${answer.version.revision}, `}
        {answer.consistency === 'linearizable'
          ? `linearizable, by ${answer.node}`
          : `${answer.node}'s own copy, applied up to ${answer.appliedRevision}`}
      </p>
      {newest !== null && (
        <p className="text-xs leading-5">
          Changed since, by revision {newest}.{' '}
          <button type="button" onClick={onNow} className="underline underline-offset-2">
            Read again
          </button>
        </p>
      )}
    </>
  );
}

function describeTime(answer: GetAnswer, { coordinates }: Question, clusterTime: number): string {
  const { at, asOf } = coordinates;
  const known = `as known at revision ${answer.asOf}`;
  if (at === undefined) return `The past: ${known}`;
  const time =
    answer.at > clusterTime
      ? `The future: as planned for ${formatTimestamp(answer.at)}`
      : `The past: as it was at ${formatTimestamp(answer.at)}`;
  return asOf === undefined ? time : `${time}, ${known}`;
}
