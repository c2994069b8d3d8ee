'use client';

import { useRef, useState } from 'react';
import type { CellName } from '../../client/cell-name.ts';
import type { ApiFailure, ApiResult } from '../../client/api-failure.ts';
import type { ReadOptions } from '../../client/http-client.ts';
import type { Coordinates } from '../../client/time-input.ts';
import type { GetAnswer, HistoryAnswer } from '../../contracts/kv.ts';
import { client } from '../cluster/use-action.ts';
import { useAnswer } from '../live/use-answer.ts';

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
  /** The latest versions, oldest first; `next` tells whether there are older ones. */
  readonly history: HistoryAnswer | null;
  read(question: Question): void;
}

/** The last read, and beside it the history of its field, which stays fresh by itself. */
export function useReading(): Reader {
  const [reading, setReading] = useState<Reading>({ kind: 'none' });
  const [asked, setAsked] = useState<Question | null>(null);
  const [busy, setBusy] = useState(false);
  const latest = useRef(0);
  const read = async (question: Question): Promise<void> => {
    const mine = ++latest.current;
    const { cell } = question;
    setAsked(question);
    setBusy(true);
    const result = await client.get(cell.key, cell.field, readOptions(question));
    // An answer that was overtaken by another question is of no interest.
    if (mine !== latest.current) return;
    setBusy(false);
    setReading(
      result.ok
        ? { kind: 'answer', answer: result.value, question }
        : { kind: 'failed', failure: result.failure, question },
    );
  };
  const history = useHistory(asked);
  return { reading, busy, history, read: (question) => void read(question) };
}

function useHistory(asked: Question | null): HistoryAnswer | null {
  const { key = '', field = '' } = asked?.cell ?? {};
  const localNode = asked?.localNode ?? null;
  const ask = async (): Promise<ApiResult<HistoryAnswer>> => {
    const result = await client.history(key, field, {
      order: 'desc',
      ...(localNode !== null && { localNode }),
    });
    if (!result.ok) return result;
    const { versions, ...answer } = result.value;
    return { ok: true, value: { ...answer, versions: versions.toReversed() } };
  };
  const question = asked === null ? null : JSON.stringify(['history', key, field, localNode]);
  return useAnswer(question, ask, { key, field }).answer;
}

/** What is asked of the API. */
export function readOptions({
  coordinates,
  localNode,
}: Pick<Question, 'coordinates' | 'localNode'>): ReadOptions {
  return { ...coordinates, ...(localNode !== null && { localNode }) };
}
