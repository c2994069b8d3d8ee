'use client';

import type { ApiRequest } from '../../client/api-request.ts';
import { changeLink, HEAL } from '../../client/fault-requests.ts';
import { deedDone, deedRequest } from '../../client/link-deed.ts';
import type { LinkDeed } from '../../client/link-deed.ts';
import type { ApiResult } from '../../client/api-failure.ts';
import { stepWords } from '../../client/pace-state.ts';
import type { Pace } from '../../contracts/pace.ts';
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
  /** Cuts both directions of each link. */
  cutLinks(pairs: readonly (readonly [string, string])[]): void;
  /** Does it to one link, and offers the way back. */
  carryOut(deed: LinkDeed, back: readonly ApiRequest[]): void;
  /** Any other fault, or its end. */
  send(request: ApiRequest): void;
  addNode(): void;
  /** Makes a voter of a learner. */
  promote(id: string): void;
  replace(id: string): void;
  remove(id: string): void;
  /** `id` asks for votes as if it had heard nothing. */
  campaign(id: string): void;
  /** The leader hands over to `id`. */
  lead(id: string): void;
  compact(id: string): void;
  /** How fast the cluster runs, for everyone. */
  setPace(pace: Pace): void;
  /** Lets one event of a paused cluster happen. */
  step(): void;
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
    setLink: (a, b, cut) => run(() => client.fault(changeLink(a, b, { cut, both: true }))),
    healAll: () => run(() => client.fault(HEAL)),
    cutLinks: (pairs) =>
      run(() =>
        all(pairs.map(([a, b]) => client.fault(changeLink(a, b, { cut: true, both: true })))),
      ),
    carryOut: (deed, back) =>
      run(async () => {
        const result = await client.fault(deedRequest(deed));
        if (result.ok) {
          const undo = (): void => run(() => all(back.map((request) => client.fault(request))));
          toast({ text: deedDone(deed), action: { label: 'Undo', run: undo } });
        }
        return result;
      }),
    send: (request) => run(() => client.fault(request)),
    addNode: () =>
      run(() => told(client.addMember('voter'), ({ node }) => `${node} is a voter now`)),
    promote: (id) => run(() => told(client.promoteMember(id), () => `${id} is a voter now`)),
    replace: (id) =>
      run(() =>
        told(client.replaceMember(id), ({ node }) => `${node} stands in the place of ${id}`),
      ),
    remove: (id) => run(() => told(client.removeMember(id), () => `${id} is removed`)),
    campaign: (id) => run(() => client.act(id, 'campaign')),
    lead: (id) => run(() => client.act(id, 'lead')),
    compact: (id) =>
      run(() => told(client.act(id, 'compact'), () => `${id} has shortened its log`)),
    setPace: (pace) => run(() => client.setPace(pace)),
    step: () => run(() => told(client.step(), stepWords)),
  };
}
