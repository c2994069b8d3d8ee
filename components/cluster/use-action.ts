'use client';

import { useState } from 'react';
import { ChronoraftClient } from '../../client/http-client.ts';
import type { ApiResult } from '../../client/api-failure.ts';

export const client = new ChronoraftClient();

export interface Action {
  readonly busy: boolean;
  /** What went wrong with the last one, in words. */
  readonly error: string | null;
  run(call: () => Promise<ApiResult<unknown>>): void;
}

/** One action at a time, with its outcome in words beside the button that began it. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const run = async (call: () => Promise<ApiResult<unknown>>): Promise<void> => {
    setBusy(true);
    const result = await call();
    setBusy(false);
    // "It is already so" is what was wanted.
    setError(
      result.ok || result.failure.code === 'CONFLICT'
        ? null
        : `${result.failure.message} (${result.failure.code})`,
    );
  };
  return { busy, error, run: (call) => void run(call) };
}

/** The first failure among several answers, or success. */
export async function all(calls: readonly Promise<ApiResult<unknown>>[]): Promise<ApiResult<null>> {
  const results = await Promise.all(calls);
  for (const result of results) if (!result.ok) return result;
  return { ok: true, value: null };
}
