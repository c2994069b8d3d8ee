'use client';

import clsx from 'clsx';
import { useState } from 'react';
import type { CellName } from '../../client/cell-changes.ts';
import { parseAsOf } from '../../client/time-input.ts';
import { useNow } from '../live/live-provider.tsx';
import { History } from './history.tsx';
import { ReadForm } from './read-form.tsx';
import { useReading } from './use-reading.ts';
import { WriteForm } from './write-form.tsx';

/** Write a value, read it now or as it was, and see beside it everything the field has ever been. */
export function DataConsole() {
  const [cell, setCell] = useState<CellName>({ key: 'city', field: 'name' });
  const [asOf, setAsOf] = useState('');
  const [localNode, setLocalNode] = useState<string | null>(null);
  const { reading, busy, history, read } = useReading();
  const nowMs = useNow() ?? 0;
  const asked = parseAsOf(asOf, nowMs);

  /** Reads what the form says, with `text` for its time. */
  const readAsOf = (text: string): void => {
    setAsOf(text);
    const parsed = parseAsOf(text, nowMs);
    if (parsed.ok && cell.key !== '' && cell.field !== '') {
      read({ cell, coordinates: parsed.coordinates, localNode });
    }
  };
  const ofThisCell = history?.key === cell.key && history.field === cell.field ? history : null;
  const isPast = asked.ok && Object.keys(asked.coordinates).length > 0;
  return (
    <div className="flex h-full flex-col overflow-auto">
      <WriteForm cell={cell} onCell={setCell} onWritten={() => readAsOf(asOf)} firstValue="Oslo" />
      <div
        data-past={isPast}
        className={clsx(
          'grid flex-1 border-t sm:grid-cols-2',
          isPast ? 'border-past bg-past-wash' : 'border-line',
        )}
      >
        <ReadForm
          cell={cell}
          onCell={setCell}
          asOf={asOf}
          asked={asked}
          onAsOf={setAsOf}
          localNode={localNode}
          onLocalNode={setLocalNode}
          history={ofThisCell}
          reading={reading}
          busy={busy}
          onRead={readAsOf}
        />
        <History
          history={history}
          shownRevision={
            reading.kind === 'answer' && reading.answer.found
              ? (reading.answer.version?.revision ?? null)
              : null
          }
          onChoose={readAsOf}
        />
      </div>
    </div>
  );
}
