'use client';

import clsx from 'clsx';
import { useState } from 'react';
import type { ApiFailure, ApiResult } from '../../client/http-client.ts';
import { formatClock } from '../../client/time-input.ts';
import type { DeleteAnswer, SetAnswer, SetBody } from '../../contracts/kv.ts';
import { client } from '../cluster/use-action.ts';
import { useActionsDisabled } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import type { CellName } from './data-console.tsx';

interface WriteFormProps {
  readonly cell: CellName;
  onCell(cell: CellName): void;
  onWritten(): void;
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

/** Sets or deletes a field. Its outcome is one of five words, and "unknown" is never shown as failed. */
export function WriteForm({ cell, onCell, onWritten }: WriteFormProps) {
  const [value, setValue] = useState('Oslo');
  const [timestamp, setTimestamp] = useState('');
  const [ttl, setTtl] = useState('');
  const [more, setMore] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'none' });
  const disabled = useActionsDisabled();
  const problem = inputProblem(cell, timestamp, ttl);
  const because =
    disabled ?? problem ?? (outcome.kind === 'under-way' ? 'The last write is under way' : null);

  const send = async (
    verb: 'set' | 'delete',
    call: () => Promise<ApiResult<SetAnswer | DeleteAnswer>>,
  ): Promise<void> => {
    setOutcome({ kind: 'under-way' });
    const startedMs = performance.now();
    const result = await call();
    setOutcome(
      result.ok
        ? { kind: 'committed', verb, answer: result.value, tookMs: performance.now() - startedMs }
        : { kind: outcomeOf(result.failure), failure: result.failure },
    );
    onWritten();
  };
  const at = timestamp.trim() === '' ? {} : { timestamp: Number(timestamp) };
  const set = (): void => {
    const body: SetBody = { value, ...at, ...(ttl.trim() !== '' && { ttl: Number(ttl) }) };
    void send('set', () => client.set(cell.key, cell.field, body));
  };
  const remove = (): void =>
    void send('delete', () => client.delete(cell.key, cell.field, at.timestamp));

  return (
    <form
      data-testid="write-form"
      aria-label="Write"
      className="flex flex-col gap-2 p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (because === null) set();
      }}
    >
      <div className="flex flex-wrap items-end gap-2">
        <TextField
          className="grow basis-20"
          label="Key"
          value={cell.key}
          onValue={(key) => onCell({ ...cell, key })}
        />
        <TextField
          className="grow basis-20"
          label="Field"
          value={cell.field}
          onValue={(field) => onCell({ ...cell, field })}
        />
        <TextField className="grow-[2] basis-28" label="Value" value={value} onValue={setValue} />
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
          More
        </Button>
      </div>
      {more && (
        <div className="flex gap-2">
          <TextField
            className="flex-1"
            label="Timestamp, ms (empty: now)"
            inputMode="numeric"
            value={timestamp}
            onValue={setTimestamp}
            error={isCount(timestamp) ? null : problem}
          />
          <TextField
            className="flex-1"
            label="Time to live, ms (empty: for ever)"
            inputMode="numeric"
            value={ttl}
            onValue={setTtl}
            error={isCount(ttl) ? null : problem}
          />
        </div>
      )}
      <WriteResult outcome={outcome} />
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

function WriteResult({ outcome }: { readonly outcome: Outcome }) {
  const answer = outcome.kind === 'committed' ? outcome.answer : null;
  return (
    <p
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
        <span className="text-quiet">A write answers once a quorum has it on disk.</span>
      )}
      {outcome.kind === 'under-way' && <span className="text-quiet">On its way to a quorum…</span>}
      {outcome.kind !== 'none' && outcome.kind !== 'under-way' && (
        <>
          <strong
            className={clsx(
              'mr-1.5',
              outcome.kind !== 'committed' && outcome.kind !== 'unknown' && 'text-danger',
            )}
          >
            <span aria-hidden="true">{MARK[outcome.kind]}</span> {WORD[outcome.kind]}
          </strong>
          {outcome.kind === 'committed' ? (
            <Committed {...outcome} />
          ) : (
            <span>{outcome.failure.message}</span>
          )}
        </>
      )}
    </p>
  );
}

function Committed({ verb, answer, tookMs }: Extract<Outcome, { kind: 'committed' }>) {
  if (answer.revision === null)
    return <span>there was nothing to delete, so nothing was written</span>;
  return (
    <span>
      {verb === 'delete' && 'deleted, '}revision{' '}
      <span className="font-mono">{answer.revision}</span> by {answer.leader} in term{' '}
      <span className="font-mono">{answer.term}</span>, {tookMs.toFixed(0)} ms, at{' '}
      <span className="font-mono">{formatClock(answer.timestamp)}</span>
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

function inputProblem(cell: CellName, timestamp: string, ttl: string): string | null {
  if (cell.key === '') return 'The key is empty';
  if (cell.field === '') return 'The field is empty';
  if (!isCount(timestamp)) return 'The timestamp is a whole number of ms';
  if (!isCount(ttl)) return 'The time to live is a whole number of ms';
  return null;
}

function isCount(text: string): boolean {
  return /^\s*\d*\s*$/.test(text);
}
