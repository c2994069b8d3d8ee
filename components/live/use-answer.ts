'use client';

import { useEffect, useEffectEvent, useRef, useState } from 'react';
import type { ApiFailure, ApiResult } from '../../client/api-failure.ts';
import type { WatchScope } from '../../client/watch.ts';
import { useHeard } from './use-heard.ts';

/** The same question is asked again at most once in this time, however much is written, ms. */
const EVERY_MS = 500;
/** A read that failed and may succeed is asked again after this long, ms. */
const RETRY_MS = 1500;

export interface Asked<T> {
  /** The last answer, kept while a newer one is on its way, so that nothing flickers. */
  readonly answer: T | null;
  readonly failure: ApiFailure | null;
  /** The answer is to another question than the one that is asked now. */
  readonly isOld: boolean;
}

interface Held<T> {
  readonly question: string | null;
  readonly answer: T | null;
  readonly failure: ApiFailure | null;
}

/**
 * An answer of the store that stays fresh: asked when the question changes, and
 * again when something happened in what is watched, once the tab is looked at.
 * `question` stands for all that `ask` depends on; null asks nothing. With
 * `watched` null the answer can never change.
 */
export function useAnswer<T extends { readonly asOf: number }>(
  question: string | null,
  ask: () => Promise<ApiResult<T>>,
  watched: WatchScope | null,
): Asked<T> {
  const [held, setHeld] = useState<Held<T>>({ question: null, answer: null, failure: null });
  const [turn, setTurn] = useState(0);
  const sentMs = useRef(Number.NEGATIVE_INFINITY);
  const send = useEffectEvent(() => {
    sentMs.current = performance.now();
    return ask();
  });

  useEffect(() => {
    if (question === null) return;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async (): Promise<void> => {
      const result = await send();
      // An answer that was overtaken by another question is of no interest.
      if (isOver) return;
      if (result.ok) {
        setHeld({ question, answer: result.value, failure: null });
        return;
      }
      const { failure } = result;
      setHeld((before) => ({
        question,
        answer: before.question === question ? before.answer : null,
        failure,
      }));
      if (failure.retryable) timer = setTimeout(() => void run(), RETRY_MS);
    };
    void run();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [question, turn]);

  const { answer } = held;
  const heard = useHeard(question === null ? null : watched);
  const isBehind = answer !== null && held.question === question && heard > answer.asOf;
  useEffect(() => {
    if (!isBehind) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = (): void => {
      clearTimeout(timer);
      if (document.hidden) return;
      const waitMs = Math.max(0, sentMs.current + EVERY_MS - performance.now());
      timer = setTimeout(() => setTurn((count) => count + 1), waitMs);
    };
    wait();
    document.addEventListener('visibilitychange', wait);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', wait);
    };
  }, [isBehind, answer]);

  if (question === null) return NOTHING;
  return { answer, failure: held.failure, isOld: held.question !== question };
}

const NOTHING = { answer: null, failure: null, isOld: false } as const;
