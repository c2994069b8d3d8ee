'use client';

import clsx from 'clsx';
import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import type { CellName } from '../../client/cell-name.ts';
import { parseAsOf, writeAsOf } from '../../client/time-input.ts';
import type { HistoryAnswer } from '../../contracts/kv.ts';
import { useLive, useNow, useStream, useViewingState } from '../live/live-provider.tsx';
import { History } from './history.tsx';
import { ReadForm } from './read-form.tsx';
import { useReading } from './use-reading.ts';
import { WriteForm } from './write-form.tsx';

/** Write a value, read it now or as it was, and see beside it everything the field has ever been. */
export function DataConsole() {
  const [cell, setCell] = useState<CellName>({ key: 'city', field: 'name' });
  const [asOf, setAsOf] = useState('');
  /** In a replay, "As of" is the moment that is looked at, until a person says otherwise. */
  const [isTied, setTied] = useState(true);
  const moment = useMoment();
  const tied = isTied ? moment : null;
  const [localNode, setLocalNode] = useState<string | null>(null);
  const { reading, busy, history: whole, read } = useReading();
  const nowMs = useNow() ?? 0;
  const shownAsOf = tied ?? asOf;
  const asked = parseAsOf(shownAsOf, nowMs);
  const known = tied === null || !asked.ok ? undefined : asked.coordinates.asOf;
  const history = useMemo(() => knownAt(whole, known), [whole, known]);

  /** Reads what the form says, with `text` for its time. */
  const readAsOf = (text: string): void => {
    if (moment !== null && text !== moment) setTied(false);
    if (text !== tied) setAsOf(text);
    ask(text);
  };
  const ask = (text: string): void => {
    const parsed = parseAsOf(text, nowMs);
    if (parsed.ok && cell.key !== '' && cell.field !== '') {
      read({ cell, coordinates: parsed.coordinates, localNode });
    }
  };
  useReadAlong(tied, reading.kind !== 'none', (text) => ask(text ?? asOf));
  const ofThisCell = history?.key === cell.key && history.field === cell.field ? history : null;
  const isPast = asked.ok && Object.keys(asked.coordinates).length > 0;
  return (
    <div className="flex h-full flex-col overflow-auto">
      <WriteForm
        cell={cell}
        onCell={setCell}
        onWritten={() => readAsOf(shownAsOf)}
        firstValue="Oslo"
      />
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
          asOf={shownAsOf}
          asked={asked}
          onAsOf={(text) => {
            setTied(false);
            setAsOf(text);
          }}
          isTied={moment === null ? null : isTied}
          onTied={setTied}
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

/**
 * The moment of a replay as the store knows it: its time, and the newest revision that a node
 * had applied by then, since later writes may be dated back. Null when it is not looked at, or
 * is that of another cluster.
 */
function useMoment(): string | null {
  const cluster = useStream(({ view }) => view?.clusterId ?? null);
  const atMs = useViewingState(({ mode, atMs: ms, source }) =>
    mode === 'replay' && source.cluster === cluster ? ms : null,
  );
  const asOf = useLive(({ view }) =>
    Math.max(0, ...(view?.nodes ?? []).map(({ lastApplied }) => lastApplied)),
  );
  return atMs === null ? null : writeAsOf({ at: Math.round(atMs), asOf });
}

/** Without what was written after that revision. */
function knownAt(history: HistoryAnswer | null, asOf: number | undefined): HistoryAnswer | null {
  if (history === null || asOf === undefined) return history;
  return { ...history, versions: history.versions.filter(({ revision }) => revision <= asOf) };
}

/** The scrubber rests for so long before what is there is read, ms. */
const SETTLE_MS = 250;

/** Once something was read, it is read again as of the moment looked at, and at last as before. */
function useReadAlong(
  tied: string | null,
  wasRead: boolean,
  read: (text: string | null) => void,
): void {
  const ask = useEffectEvent(read);
  const wasTied = useRef(false);
  useEffect(() => {
    if (!wasRead || (tied === null && !wasTied.current)) return;
    wasTied.current = tied !== null;
    const timer = setTimeout(() => ask(tied), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [tied, wasRead]);
}
