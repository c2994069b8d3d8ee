'use client';

import { useState } from 'react';
import type { HistoryAnswer } from '../../contracts/kv.ts';
import { History } from './history.tsx';
import { ReadForm } from './read-form.tsx';
import { WriteForm } from './write-form.tsx';

export interface CellName {
  readonly key: string;
  readonly field: string;
}

/** Write a value, read it now or as it was, and see beside it everything the field has ever been. */
export function DataConsole() {
  const [cell, setCell] = useState<CellName>({ key: 'city', field: 'name' });
  const [asOf, setAsOf] = useState('');
  const [history, setHistory] = useState<HistoryAnswer | null>(null);
  /** Rises with each write of this page, so that the reading side looks again. */
  const [writes, setWrites] = useState(0);
  return (
    <div className="flex flex-col">
      <WriteForm cell={cell} onCell={setCell} onWritten={() => setWrites((count) => count + 1)} />
      <div className="grid border-t border-line sm:grid-cols-2">
        <ReadForm
          cell={cell}
          onCell={setCell}
          asOf={asOf}
          onAsOf={setAsOf}
          history={history}
          onHistory={setHistory}
          writes={writes}
        />
        <History history={history} asOf={asOf} onAsOf={setAsOf} />
      </div>
    </div>
  );
}
