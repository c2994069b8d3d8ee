'use client';

import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { lastChange } from '../../client/cell-changes.ts';
import type { CellName } from '../../client/cell-changes.ts';
import type { ApiFailure } from '../../client/http-client.ts';
import type { Coordinates } from '../../client/time-input.ts';
import type { GetAnswer, HistoryAnswer } from '../../contracts/kv.ts';
import { client } from '../cluster/use-action.ts';
import { useLive } from '../live/live-provider.tsx';

export interface Question {
  readonly cell: CellName;
  readonly coordinates: Coordinates;
  /** Null for the leader with a quorum. */
  readonly localNode: string | null;
}

export type Reading =
  | { readonly kind: 'none' }
  | { readonly kind: 'answer'; readonly answer: GetAnswer; readonly question: Question }
  | { readonly kind: 'failed'; readonly failure: ApiFailure; readonly question: Question };

export interface Reader {
  readonly reading: Reading;
  /** The question has been sent and `reading` is still that of the one before. */
  readonly busy: boolean;
  readonly history: HistoryAnswer | null;
  read(question: Question): void;
}

/** A burst of writes to the field is looked at once in this time, ms. */
const FOLLOW_MS = 400;

/** The last read, and beside it the field's history, which follows the log by itself. */
export function useReading(): Reader {
  const [reading, setReading] = useState<Reading>({ kind: 'none' });
  const [history, setHistory] = useState<HistoryAnswer | null>(null);
  const [busy, setBusy] = useState(false);
  const latest = useRef(0);
  const asked = useRef<Question | null>(null);

  const read = async (question: Question): Promise<void> => {
    const mine = ++latest.current;
    const { cell, coordinates, localNode } = question;
    const local = localNode === null ? {} : { localNode };
    asked.current = question;
    setBusy(true);
    const past = client.history(cell.key, cell.field, local);
    const result = await client.get(cell.key, cell.field, { ...coordinates, ...local });
    // An answer that was overtaken by another question is of no interest.
    if (mine !== latest.current) return;
    setBusy(false);
    setReading(
      result.ok
        ? { kind: 'answer', answer: result.value, question }
        : { kind: 'failed', failure: result.failure, question },
    );
    const pastResult = await past;
    if (mine === latest.current) setHistory(pastResult.ok ? pastResult.value : null);
  };

  const refresh = useEffectEvent(async (): Promise<void> => {
    const question = asked.current;
    if (question === null || history === null) return;
    const { cell, localNode } = question;
    const mine = latest.current;
    const result = await client.history(
      cell.key,
      cell.field,
      localNode === null ? {} : { localNode },
    );
    if (mine === latest.current && result.ok) setHistory(result.value);
  });
  const changedAt = useLive((state) =>
    state.view === null || history === null ? 0 : lastChange(state.view, history),
  );
  const isBehind = history !== null && changedAt > history.asOf;
  useEffect(() => {
    if (!isBehind) return;
    const timer = setTimeout(() => void refresh(), FOLLOW_MS);
    return () => clearTimeout(timer);
  }, [isBehind, history]);

  return { reading, busy, history, read: (question) => void read(question) };
}
