'use client';

import type { ApiResult } from '../../client/http-client.ts';
import { useToast } from '../ui/toast.tsx';
import { all, client, useAction } from './use-action.ts';
import type { Action } from './use-action.ts';

export interface Faults extends Pick<Action, 'busy' | 'error'> {
  /** At once and without a question: a notice offers the way back. */
  kill(id: string): void;
  revive(ids: readonly string[]): void;
  isolate(id: string): void;
  reconnect(id: string): void;
  /** Cuts or joins both directions between two nodes. */
  setLink(a: string, b: string, cut: boolean): void;
  healAll(): void;
  addNode(): void;
  /** Makes a voter of a learner. */
  promote(id: string): void;
  replace(id: string): void;
  remove(id: string): void;
  /** The leader hands over to `id`. */
  lead(id: string): void;
  compact(id: string): void;
}

/** All that a person can do to the cluster, one thing at a time, with its outcome in words. */
export function useFaults(): Faults {
  const { busy, error, run } = useAction();
  const toast = useToast();
  /** Says how it ended well; how it did not is said beside the button. */
  const told = async <T>(
    call: Promise<ApiResult<T>>,
    text: (value: T) => string,
  ): Promise<ApiResult<T>> => {
    const result = await call;
    if (result.ok) toast({ text: text(result.value) });
    return result;
  };
  const revive = (ids: readonly string[]): void =>
    run(() => all(ids.map((id) => client.act(id, 'revive'))));
  return {
    busy,
    error,
    kill: (id) =>
      run(async () => {
        const result = await client.act(id, 'kill');
        if (result.ok) {
          toast({ text: `${id} killed`, action: { label: 'Undo', run: () => revive([id]) } });
        }
        return result;
      }),
    revive,
    isolate: (id) => run(() => client.act(id, 'isolate')),
    reconnect: (id) => run(() => client.act(id, 'reconnect')),
    setLink: (a, b, cut) =>
      run(() => all([client.setLink(a, b, { cut }), client.setLink(b, a, { cut })])),
    healAll: () => run(() => client.healAll()),
    addNode: () =>
      run(() => told(client.addMember('voter'), ({ node }) => `${node} is a voter now`)),
    promote: (id) => run(() => told(client.promoteMember(id), () => `${id} is a voter now`)),
    replace: (id) =>
      run(() =>
        told(client.replaceMember(id), ({ node }) => `${node} stands in the place of ${id}`),
      ),
    remove: (id) => run(() => told(client.removeMember(id), () => `${id} is removed`)),
    lead: (id) => run(() => client.act(id, 'lead')),
    compact: (id) =>
      run(() => told(client.act(id, 'compact'), () => `${id} has shortened its log`)),
  };
}
