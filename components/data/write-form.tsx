'use client';

import clsx from 'clsx';
import { useRef, useState } from 'react';
import type { CellName } from '../../client/cell-changes.ts';
import type { ApiFailure, ApiResult } from '../../client/http-client.ts';
import { formatNear, parseInstant, parseSpan } from '../../client/time-input.ts';
import type { DeleteAnswer, SetAnswer, SetBody } from '../../contracts/write.ts';
import { client } from '../cluster/use-action.ts';
import { useActionsDisabled, useNow } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { WriterName } from './write-session.ts';

interface WriteFormProps {
  readonly cell: CellName;
  onCell(cell: CellName): void;
  onWritten(committed: boolean): void;
  /** What stands in the box at first. */
  readonly firstValue: string;
}

type Outcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'under-way' }
  | {
      readonly kind: 'committed';
      readonly verb: 'set' | 'delete';
      readonly answer: DeleteAnswer | SetAnswer;
      readonly tookMs: number;
    }
  | {
      readonly kind: 'rejected' | 'no-leader' | 'timed-out' | 'unknown';
      readonly failure: ApiFailure;
    };

/** A write as it was sent, to be sent again in the same words. */
interface Attempt {
  readonly verb: 'set' | 'delete';
  readonly call: () => Promise<ApiResult<SetAnswer | DeleteAnswer>>;
}

/** Sets or deletes a field. Its outcome is one of five words, and "unknown" is never shown as failed. */
export function WriteForm({ cell, onCell, onWritten, firstValue }: WriteFormProps) {
  const [value, setValue] = useState(firstValue);
  const [timestamp, setTimestamp] = useState('');
  const [ttl, setTtl] = useState('');
  const [more, setMore] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'none' });
  const lastAttempt = useRef<Attempt | null>(null);
  const writer = useRef<WriterName | null>(null);
  const nowMs = useNow() ?? 0;
  const disabled = useActionsDisabled();
  const instant = parseInstant(timestamp, nowMs);
  const span = parseSpan(ttl);
  const ttlProblem = span === null ? 'A time to live is like 5s, 250ms or 1500' : null;
  const timeProblem = instant.ok ? null : instant.message;
  const mistake = timeProblem ?? ttlProblem;
  const problem = mistake ?? nameProblem(cell);
  const underWay = outcome.kind === 'under-way';
  const because = disabled ?? problem ?? (underWay ? 'The last write is under way' : null);

  const send = async (attempt: Attempt): Promise<void> => {
    lastAttempt.current = attempt;
    setOutcome({ kind: 'under-way' });
    const startedMs = performance.now();
    const result = await attempt.call();
    setOutcome(
      result.ok
        ? {
            kind: 'committed',
            verb: attempt.verb,
            answer: result.value,
            tookMs: performance.now() - startedMs,
          }
        : { kind: outcomeOf(result.failure), failure: result.failure },
    );
    onWritten(result.ok);
  };
  const at = instant.ok && instant.at !== undefined ? { timestamp: instant.at } : {};
  const named: WriterName['named'] = (call) =>
    (writer.current ??= new WriterName(client)).named(call);
  const set = (): void => {
    const life = span?.ms === undefined ? {} : { ttl: span.ms };
    const body: SetBody = { value, ...at, ...life };
    const call = named((name) => client.set(cell.key, cell.field, { ...body, ...name }));
    void send({ verb: 'set', call });
  };
  const remove = (): void => {
    const call = named((name) => client.delete(cell.key, cell.field, { ...at, ...name }));
    void send({ verb: 'delete', call });
  };
  const again = (): void => {
    const attempt = lastAttempt.current;
    if (attempt !== null && disabled === null) void send(attempt);
  };

  return (
    <form
      data-testid="write-form"
      aria-label="Write"
      className="@container flex flex-col gap-2 p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (because === null) set();
      }}
    >
      <div className="grid grid-cols-2 items-end gap-2 @md:flex">
        <TextField
          className="@md:w-24 @md:flex-1"
          label="Key"
          value={cell.key}
          onValue={(key) => onCell({ ...cell, key })}
        />
        <TextField
          className="@md:w-24 @md:flex-1"
          label="Field"
          value={cell.field}
          onValue={(field) => onCell({ ...cell, field })}
        />
        <TextField
          className="col-span-2 @md:w-28 @md:flex-[1.4]"
          label="Value"
          value={value}
          onValue={setValue}
        />
        <div className="col-span-2 flex gap-2">
          <Button type="submit" tone="primary" disabledBecause={because}>
            Write
          </Button>
          <Button disabledBecause={because} onClick={remove}>
            Delete
          </Button>
          <Button
            aria-expanded={more}
            onClick={() => setMore(!more)}
            title="Timestamp and time to live"
          >
            {more ? 'Less' : 'More'}
          </Button>
        </div>
      </div>
      {more && (
        <div className="grid gap-2 sm:grid-cols-2">
          <TextField
            label="Timestamp (empty: now)"
            placeholder="-5m, 1500, 2026-11-21 14:03"
            value={timestamp}
            onValue={setTimestamp}
            error={timeProblem}
          />
          <TextField
            label="Time to live (empty: for ever)"
            placeholder="5s, 250ms, 1500"
            value={ttl}
            onValue={setTtl}
            error={ttlProblem}
          />
        </div>
      )}
      <WriteResult
        outcome={outcome}
        problem={problem}
        isMistake={mistake !== null}
        nowMs={nowMs}
        onAgain={again}
      />
    </form>
  );
}

const MARK = {
  committed: '✓',
  rejected: '✗',
  'no-leader': '–',
  'timed-out': '…',
  unknown: '?',
} as const;
const WORD = {
  committed: 'Committed',
  rejected: 'Rejected',
  'no-leader': 'No leader',
  'timed-out': 'Timed out',
  unknown: 'Unknown',
} as const;

interface WriteResultProps {
  readonly outcome: Outcome;
  readonly problem: string | null;
  /** What is typed is wrong; else something is only not typed yet. */
  readonly isMistake: boolean;
  readonly nowMs: number;
  onAgain(): void;
}

function WriteResult({ outcome, problem, isMistake, nowMs, onAgain }: WriteResultProps) {
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
        <p className="text-quiet">On its way to the disks of a quorum…</p>
      )}
      {outcome.kind === 'committed' && (
        <p>
          <OutcomeWord kind={outcome.kind} /> <Committed {...outcome} nowMs={nowMs} />
        </p>
      )}
      {(outcome.kind === 'rejected' ||
        outcome.kind === 'no-leader' ||
        outcome.kind === 'timed-out') && (
        <p>
          <OutcomeWord kind={outcome.kind} /> {outcome.failure.message}
        </p>
      )}
      {outcome.kind === 'unknown' && (
        <p>
          <OutcomeWord kind={outcome.kind} /> it may be committed, now or later.{' '}
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

function OutcomeWord({ kind }: { readonly kind: keyof typeof WORD }) {
  return (
    <strong className={clsx('mr-1', kind !== 'committed' && kind !== 'unknown' && 'text-danger')}>
      <span aria-hidden="true">{MARK[kind]}</span> {WORD[kind]}
    </strong>
  );
}

function Committed({
  verb,
  answer,
  tookMs,
  nowMs,
}: Extract<Outcome, { kind: 'committed' }> & { readonly nowMs: number }) {
  if (answer.revision === null) {
    return <span>there was nothing to delete, so nothing was written</span>;
  }
  return (
    <span>
      {verb === 'delete' && 'deleted, '}revision{' '}
      <span className="font-mono">{answer.revision}</span> by {answer.leader} in term{' '}
      <span className="font-mono">{answer.term}</span>, {tookMs.toFixed(0)} ms, at{' '}
      <span className="font-mono">{formatNear(answer.timestamp, nowMs)}</span>
    </span>
  );
}

function outcomeOf({ code }: ApiFailure): 'rejected' | 'no-leader' | 'timed-out' | 'unknown' {
  switch (code) {
    case 'NO_LEADER':
      return 'no-leader';
    case 'OUTCOME_UNKNOWN':
      return 'unknown';
    case 'READ_TIMEOUT':
    case 'UNREACHABLE':
      return 'timed-out';
    default:
      return 'rejected';
  }
}

function nameProblem({ key, field }: CellName): string | null {
  if (key === '') return 'Key and field are needed';
  if (field === '') return 'The field is needed';
  return null;
}
