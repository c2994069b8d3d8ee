'use client';

import { History as PastIcon, Link2, Link2Off } from 'lucide-react';
import type { CellName } from '../../client/cell-name.ts';
import { failureWords, stopAt, stopsOf, timeWords } from '../../client/read-words.ts';
import { formatNear, formatTimestamp, writeAsOf } from '../../client/time-input.ts';
import type { AsOf } from '../../client/time-input.ts';
import type { GetAnswer, HistoryAnswer } from '../../contracts/kv.ts';
import { useLive, useQuestionsDisabled, useServerNow, useStream } from '../live/live-provider.tsx';
import { SlowNote } from '../cluster/slow-note.tsx';
import { Button } from '../ui/button.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { TextField } from '../ui/field.tsx';
import { useCurl } from '../ui/use-curl.ts';
import { valueTitle, ValueText } from './value-text.tsx';
import { readOptions } from './use-reading.ts';
import type { Question, Reading } from './use-reading.ts';

interface ReadFormProps {
  readonly cell: CellName;
  onCell(cell: CellName): void;
  /** What is typed into "As of", and what it means. */
  readonly asOf: string;
  readonly asked: AsOf;
  onAsOf(text: string): void;
  /** "As of" goes with the moment that is looked at; null when that is now. */
  readonly isTied: boolean | null;
  onTied(isTied: boolean): void;
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
  isTied,
  onTied,
  localNode,
  onLocalNode,
  history,
  reading,
  busy,
  onRead,
}: ReadFormProps) {
  const disabled = useQuestionsDisabled();
  const curl = useCurl();
  const voters = useLive((state) => state.view?.members ?? NO_VOTERS);
  const problem = asked.ok
    ? cell.key === '' || cell.field === ''
      ? 'Key and field are needed'
      : null
    : asked.message;
  const because = disabled ?? problem;
  const options = readOptions({ coordinates: asked.ok ? asked.coordinates : {}, localNode });
  return (
    <form
      data-testid="read-form"
      aria-label="Read"
      className="flex min-w-0 flex-col gap-2 p-3 desk:gap-1 desk:py-2"
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
        <CopyCurl
          size="sign"
          of="the read"
          disabledBecause={problem}
          command={curl((api) => api.get(cell.key, cell.field, options))}
        />
      </div>
      <div className="flex items-end gap-2">
        <TextField
          className="flex-1"
          label="As of"
          name="as-of"
          placeholder="now, -5m, rev 57"
          title="now, -5m, 14:03:22, 2026-11-21 14:03, 1500, rev 57, or a time and a revision; UTC unless a zone is named"
          value={asOf}
          onValue={onAsOf}
          error={asked.ok ? null : asked.message}
        />
        {isTied !== null && (
          <Button
            className="w-8 px-0!"
            aria-pressed={isTied}
            aria-label="As of goes with the replay"
            title={
              isTied
                ? 'As of goes with the moment that you look at; press to part them'
                : 'Tie As of to the moment that you look at'
            }
            onClick={() => onTied(!isTied)}
          >
            {isTied ? (
              <Link2 className="size-4" aria-hidden="true" />
            ) : (
              <Link2Off className="size-4" aria-hidden="true" />
            )}
          </Button>
        )}
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
  const versions = history?.versions ?? [];
  const stops = stopsOf(versions);
  const coordinates = asked.ok ? asked.coordinates : {};
  const position = stopAt(versions, coordinates);
  // What is typed may lie between two stops.
  const label = writeAsOf(coordinates) || 'now';
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
        className="m-0 h-6 min-w-0 flex-1 accent-text"
      />
      <span className="shrink-0 text-[11px] text-quiet">
        {position === stops.length ? 'now' : `${position + 1} of ${stops.length}`}
      </span>
    </div>
  );
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
      className="min-h-34 min-w-0 text-[13px] leading-5 desk:min-h-27"
    >
      {problem !== null && <p className="text-danger">{problem}</p>}
      {busy && (
        <p className="text-quiet">
          <SlowNote />
        </p>
      )}
      {problem === null && reading.kind === 'none' && (
        <p className="text-quiet">Read it now, or as it was at any time.</p>
      )}
      {problem === null && reading.kind === 'failed' && (
        <p className="text-danger first-letter:uppercase">{failureWords(reading.failure)}</p>
      )}
      {problem === null && reading.kind === 'answer' && (
        <Answer
          answer={reading.answer}
          question={reading.question}
          newest={newestNow(reading, history)}
          history={history}
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
  readonly history: HistoryAnswer | null;
  onNow(): void;
}

function Answer({ answer, question, newest, history, onNow }: AnswerProps) {
  const clusterMs = useClusterMs(history);
  const { at, asOf } = question.coordinates;
  const isPast = at !== undefined || asOf !== undefined;
  return (
    <>
      {isPast && (
        <p className="mb-1 flex items-start gap-1.5 rounded-md border border-past px-1.5 py-0.5 font-medium text-past">
          <PastIcon className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
          <span className="min-w-0 flex-1">
            {timeWords(answer, question.coordinates, {
              versions: history?.versions ?? null,
              nowMs: clusterMs,
            })}
          </span>
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
            className="line-clamp-2 font-mono text-base wrap-anywhere"
            title={valueTitle(answer.value)}
          >
            <ValueText value={answer.value} />
          </p>
          <p className="text-xs leading-5 text-quiet">
            since <Instant ms={answer.version.timestamp} near={answer.at} />
            {answer.version.validTo !== undefined && (
              <>
                {' '}
                until <Instant ms={answer.version.validTo} near={answer.at} />
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

/** The cluster's time, as far as anyone told it: what is beyond has not come. */
function useClusterMs(history: HistoryAnswer | null): number {
  const told = useStream(({ view }) =>
    Math.max(0, ...(view?.nodes ?? []).map(({ clusterTimeMs }) => clusterTimeMs)),
  );
  return Math.max(history?.clusterTime ?? 0, told, useServerNow() ?? 0);
}

/** The day is told only where it is not that of the answer. */
function Instant({ ms, near }: { readonly ms: number; readonly near: number }) {
  return (
    <span className="font-mono whitespace-nowrap" title={formatTimestamp(ms)}>
      {formatNear(ms, near)}
    </span>
  );
}
