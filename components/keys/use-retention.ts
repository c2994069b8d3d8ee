'use client';

import { useEffect, useState } from 'react';
import type { ApiFailure } from '../../client/api-failure.ts';
import type { RetentionAnswer, RetentionBody } from '../../contracts/retention.ts';
import { client } from '../cluster/use-action.ts';

export interface RetentionState {
  /** Null until it was read. */
  readonly answer: RetentionAnswer | null;
  readonly failure: ApiFailure | null;
  /** What was asked for last is set. */
  readonly saved: boolean;
  readonly busy: boolean;
  save(policy: RetentionBody): void;
}

/** The policy of what may be forgotten, read when it is shown. */
export function useRetention(): RetentionState {
  const [state, setState] = useState<Omit<RetentionState, 'save'>>({
    answer: null,
    failure: null,
    saved: false,
    busy: true,
  });
  useEffect(() => {
    let shown = true;
    void client.retention().then((result) => {
      if (!shown) return;
      setState((before) =>
        result.ok
          ? { ...before, answer: result.value, busy: false }
          : { ...before, failure: result.failure, busy: false },
      );
    });
    return () => {
      shown = false;
    };
  }, []);
  const save = async (policy: RetentionBody): Promise<void> => {
    setState((before) => ({ ...before, busy: true, saved: false, failure: null }));
    const result = await client.setRetention(policy);
    setState((before) =>
      result.ok
        ? { answer: result.value, failure: null, saved: true, busy: false }
        : { ...before, failure: result.failure, busy: false },
    );
  };
  return { ...state, save: (policy) => void save(policy) };
}
