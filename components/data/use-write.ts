'use client';

import { useEffect, useEffectEvent, useRef, useState } from 'react';
import type { ApiFailure, ApiResult } from '../../client/api-failure.ts';
import type { WriteSession } from '../../client/http-client.ts';
import { outcomeOf } from '../../client/write-outcome.ts';
import type { WriteOutcome } from '../../client/write-outcome.ts';
import type { DeleteAnswer, SetAnswer } from '../../contracts/write.ts';
import { client } from '../cluster/use-action.ts';
import { useFollow, useFollowedWrite } from './followed-write.ts';
import { WriterName } from './write-session.ts';

type Verb = 'set' | 'delete';
type Answer = SetAnswer | DeleteAnswer;

export type Outcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'under-way' }
  | {
      readonly kind: 'committed';
      readonly verb: Verb;
      readonly answer: Answer;
      readonly tookMs: number;
      /** It was unknown before. */
      readonly isLate: boolean;
    }
  | { readonly kind: Exclude<WriteOutcome, 'committed'>; readonly failure: ApiFailure };

/** A write as it was sent, to be sent again in the same words. */
interface Attempt {
  readonly verb: Verb;
  readonly call: () => Promise<ApiResult<Answer>>;
  wasUnknown: boolean;
  /** Its entry was seen to be committed, and the page asked for the answer by itself. */
  wasAsked: boolean;
}

interface Writer {
  readonly outcome: Outcome;
  /** Writes once; `call` is given the name of the write. */
  begin(verb: Verb, call: (name: WriteSession) => Promise<ApiResult<Answer>>): void;
  /** The last write under its own name: it counts once. */
  again(): void;
}

/** One write after the other, followed from its beginning to its outcome. */
export function useWrite(disabled: string | null, onWritten: (committed: boolean) => void): Writer {
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'none' });
  const last = useRef<Attempt | null>(null);
  const writer = useRef<WriterName | null>(null);
  const follow = useFollow();

  const send = async (attempt: Attempt): Promise<void> => {
    if (attempt !== last.current) follow.begin();
    last.current = attempt;
    setOutcome({ kind: 'under-way' });
    const { result, tookMs } = await timed(attempt.call);
    if (result.ok) {
      const { revision, term, leader } = result.value;
      if (revision !== null) follow.committed({ revision, term, leader });
      const { verb, wasUnknown: isLate } = attempt;
      setOutcome({ kind: 'committed', verb, answer: result.value, tookMs, isLate });
    } else {
      const kind = outcomeOf(result.failure);
      attempt.wasUnknown ||= kind === 'unknown';
      setOutcome({ kind, failure: result.failure });
    }
    onWritten(result.ok);
  };
  const begin: Writer['begin'] = (verb, call) => {
    writer.current ??= new WriterName(client);
    const named = writer.current.named((name) => {
      follow.named(name);
      return call(name);
    });
    void send({ verb, call: named, wasUnknown: false, wasAsked: false });
  };
  const again = (): void => {
    if (last.current !== null && disabled === null) void send(last.current);
  };

  const isProved = useFollowedWrite(({ track }) => track?.isCommitted === true);
  const canAsk = outcome.kind === 'unknown' && isProved && disabled === null;
  const askOnce = useEffectEvent(() => {
    if (last.current === null || last.current.wasAsked) return;
    last.current.wasAsked = true;
    void send(last.current);
  });
  useEffect(() => {
    // What the store made of the entry, only the store can say: a repeat is answered alike.
    if (canAsk) askOnce();
  }, [canAsk]);
  return { outcome, begin, again };
}

async function timed<T>(call: () => Promise<T>): Promise<{ result: T; tookMs: number }> {
  const startedMs = performance.now();
  const result = await call();
  return { result, tookMs: performance.now() - startedMs };
}
