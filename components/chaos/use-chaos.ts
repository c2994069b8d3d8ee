'use client';

import { useEffect, useState } from 'react';
import { ChaosClient } from '../../client/chaos-client.ts';
import { isOver } from '../../client/chaos-words.ts';
import type { ApiFailure, ApiResult } from '../../client/api-failure.ts';
import type { ChaosRun, ChaosRuns } from '../../contracts/chaos.ts';
import { client } from '../cluster/use-action.ts';

export const chaos = new ChaosClient(client);

/** What goes on is asked for so often, ms. */
const EVERY_MS = 500;

export interface Looked<T> {
  readonly value: T | null;
  readonly failure: ApiFailure | null;
}

/** A run, asked for until it is over. */
export function useRun(id: string): Looked<ChaosRun> {
  return useLooked(
    id,
    () => chaos.find(id),
    (run) => isOver(run.state),
  );
}

/** All runs, asked for while one goes on. */
export function useRuns(): Looked<ChaosRuns> {
  return useLooked(
    '',
    () => chaos.list(),
    ({ runs }) => runs.every(({ state }) => isOver(state)),
  );
}

function useLooked<T>(
  question: string,
  ask: () => Promise<ApiResult<T>>,
  isSettled: (value: T) => boolean,
): Looked<T> {
  const [looked, setLooked] = useState<Looked<T>>({ value: null, failure: null });
  useEffect(() => {
    let isShown = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      const result = await ask();
      if (!isShown) return;
      setLooked((before) =>
        result.ok
          ? { value: result.value, failure: null }
          : { value: before.value, failure: result.failure },
      );
      const goesOn = result.ok ? !isSettled(result.value) : result.failure.retryable;
      if (goesOn) timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      isShown = false;
      clearTimeout(timer);
    };
    // eslint-disable-next-line react/exhaustive-deps -- what is asked follows from the question
  }, [question]);
  return looked;
}
