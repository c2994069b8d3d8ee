'use client';

import { useState } from 'react';
import type { CellName } from '../../client/cell-name.ts';
import { parseInstant, parseSpan } from '../../client/time-input.ts';
import type { SetBody } from '../../contracts/write.ts';
import { client } from '../cluster/use-action.ts';
import { useActionsDisabled, useNow } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { TextField } from '../ui/field.tsx';
import { useCurl } from '../ui/use-curl.ts';
import { useWrite } from './use-write.ts';
import { WriteResult } from './write-result.tsx';
import { WriteSteps } from './write-steps.tsx';

interface WriteFormProps {
  readonly cell: CellName;
  onCell(cell: CellName): void;
  onWritten(committed: boolean): void;
  /** What stands in the box at first. */
  readonly firstValue: string;
}

/** Sets or deletes a field, and follows it. Its outcome is one of five words, and "unknown" is never shown as failed. */
export function WriteForm({ cell, onCell, onWritten, firstValue }: WriteFormProps) {
  const [value, setValue] = useState(firstValue);
  const [timestamp, setTimestamp] = useState('');
  const [ttl, setTtl] = useState('');
  const [more, setMore] = useState(false);
  const curl = useCurl();
  const nowMs = useNow() ?? 0;
  const disabled = useActionsDisabled();
  const { outcome, begin, again } = useWrite(disabled, onWritten);
  const instant = parseInstant(timestamp, nowMs);
  const span = parseSpan(ttl);
  const ttlProblem = span === null ? 'A time to live is like 5s, 250ms or 1500' : null;
  const timeProblem = instant.ok ? null : instant.message;
  const mistake = timeProblem ?? ttlProblem;
  const problem = mistake ?? nameProblem(cell);
  const underWay = outcome.kind === 'under-way';
  const because = disabled ?? problem ?? (underWay ? 'The last write is under way' : null);

  const at = instant.ok && instant.at !== undefined ? { timestamp: instant.at } : {};
  const life = span?.ms === undefined ? {} : { ttl: span.ms };
  const body: SetBody = { value, ...at, ...life };
  const set = (): void =>
    begin('set', (name) => client.set(cell.key, cell.field, { ...body, ...name }));
  const remove = (): void =>
    begin('delete', (name) => client.delete(cell.key, cell.field, { ...at, ...name }));
  return (
    <form
      data-testid="write-form"
      aria-label="Write"
      className="@container flex flex-col gap-2 p-3 desk:gap-1.5 desk:py-2"
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
          <CopyCurl
            size="sign"
            of="the write"
            disabledBecause={problem}
            command={curl((api) => api.set(cell.key, cell.field, body))}
          />
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
          <div className="sm:col-span-2">
            <CopyCurl
              of="the delete"
              disabledBecause={problem}
              command={curl((api) => api.delete(cell.key, cell.field, at))}
            />
          </div>
        </div>
      )}
      <WriteSteps />
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

function nameProblem({ key, field }: CellName): string | null {
  if (key === '') return 'Key and field are needed';
  if (field === '') return 'The field is needed';
  return null;
}
