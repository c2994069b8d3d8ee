'use client';

import { useRef, useState } from 'react';
import type { ApiFailure, ApiResult } from '../../client/api-failure.ts';
import { OUTCOME_WORDS, outcomeOf } from '../../client/write-outcome.ts';
import { client } from '../cluster/use-action.ts';
import { WriterName } from '../data/write-session.ts';
import { useToast } from '../ui/toast.tsx';

interface Deleted {
  readonly revision: number | null;
  readonly timestamp: number;
}

/** Deletes at once, without a question: the past stays, and the notice offers to undo. */
export function useDelete() {
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const writer = useRef<WriterName | null>(null);
  const named: WriterName['named'] = (call) =>
    (writer.current ??= new WriterName(client)).named(call);

  const say = (failure: ApiFailure, what: string): void => {
    const outcome = outcomeOf(failure);
    const { word } = OUTCOME_WORDS[outcome];
    toast({
      text:
        outcome === 'unknown'
          ? `${word}: ${what} may be done, now or later`
          : `${word}: ${failure.message} (${failure.code})`,
    });
  };
  const undo = async (scope: Scope, { revision, timestamp }: Deleted): Promise<void> => {
    if (revision === null) return;
    // As it was known before the delete.
    const before = { ...scope, at: timestamp, asOf: revision - 1 };
    const result = await named((name) => client.restore({ ...before, ...name }))();
    if (result.ok) toast({ text: `Undone by revision ${result.value.revision}` });
    else say(result.failure, 'the undo');
  };
  const run = async (
    scope: Scope,
    name: string,
    call: () => Promise<ApiResult<Deleted>>,
  ): Promise<void> => {
    setBusy(true);
    const result = await call();
    setBusy(false);
    if (!result.ok) {
      say(result.failure, `deleting ${name}`);
      return;
    }
    const { revision } = result.value;
    if (revision === null) {
      toast({ text: `There was nothing to delete in ${name}` });
      return;
    }
    toast({
      text: `Deleted ${name} by revision ${revision}`,
      action: { label: 'Undo', run: () => void undo(scope, result.value) },
    });
  };
  return {
    busy,
    remove: (key: string, field: string) =>
      void run(
        { key, field },
        `${key}.${field}`,
        named((name) => client.delete(key, field, name)),
      ),
    removeRecord: (key: string) =>
      void run(
        { key },
        key,
        named((name) => client.deleteRecord(key, name)),
      ),
  };
}

interface Scope {
  readonly key: string;
  readonly field?: string;
}
