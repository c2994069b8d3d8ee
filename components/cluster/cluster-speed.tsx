'use client';

import clsx from 'clsx';
import { StepForward } from 'lucide-react';
import { useEffect, useState } from 'react';
import { paceLabel, stepWords } from '../../client/pace-state.ts';
import type { ApiResult } from '../../client/api-failure.ts';
import { PACES } from '../../contracts/pace.ts';
import type { StepAnswer } from '../../contracts/pace.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { useTraceChoice } from '../trace/trace-choice.ts';
import { Button } from '../ui/button.tsx';
import { usePacketChoice } from './packet-choice.ts';
import { client, useAction } from './use-action.ts';

/** How fast the cluster itself runs: the nodes and the links, for everyone who looks at it. */
export function ClusterSpeed() {
  const pace = useLive(({ view }) => view?.pace.pace ?? 1);
  const onTheWay = useLive(({ view }) => view?.transit.length ?? 0);
  const choose = usePacketChoice((state) => state.choose);
  const showTrace = useTraceChoice((state) => state.show);
  const { busy, error, run } = useAction();
  const disabled = useActionsDisabled();
  const [told, setTold] = useState('');
  useEffect(() => {
    client.pace = pace;
    if (pace !== 0) setTold('');
  }, [pace]);
  const step = async (): Promise<ApiResult<StepAnswer>> => {
    const result = await client.step();
    if (result.ok) setTold(stepWords(result.value));
    return result;
  };
  const cannotStep = pace === 0 ? null : 'Pause the cluster to step';
  return (
    <section
      aria-label="Cluster speed"
      data-testid="cluster-speed"
      data-pace={pace}
      className="flex flex-col justify-center gap-1 border-t border-line bg-surface px-2 py-2 sm:px-4 wide:order-last wide:h-16 wide:w-104 wide:border-l wide:py-0"
    >
      <div className="flex items-center gap-2">
        <div
          role="radiogroup"
          aria-label="Cluster speed"
          className="flex rounded-lg border border-line-strong"
        >
          {PACES.map((choice) => (
            <label
              key={choice}
              className={clsx(
                'relative grid h-8 min-w-10 cursor-pointer place-content-center rounded-[7px] px-2 text-[13px] font-medium has-focus-visible:outline-2',
                choice === pace ? 'bg-text text-surface' : 'hover:bg-line',
                disabled !== null && 'cursor-default opacity-45',
              )}
            >
              <input
                type="radio"
                name="cluster-speed"
                className="absolute inset-0 cursor-pointer appearance-none rounded-lg outline-none"
                checked={choice === pace}
                aria-disabled={disabled !== null}
                onChange={() => {
                  if (disabled === null) run(() => client.setPace(choice));
                }}
              />
              {paceLabel(choice)}
            </label>
          ))}
        </div>
        <Button
          className="w-8 px-0!"
          aria-label="Step the cluster"
          title="Lets the next event of the cluster happen, for everyone"
          disabledBecause={disabled ?? cannotStep ?? (busy ? 'The last step is under way' : null)}
          onClick={() => run(step)}
        >
          <StepForward className="size-4" aria-hidden="true" />
        </Button>
        {pace !== 1 && (
          <Button className="whitespace-nowrap" onClick={() => choose('all')}>
            {onTheWay} on the way
          </Button>
        )}
      </div>
      <div className="flex items-center gap-2 text-xs">
        <p
          role="status"
          data-testid="step-told"
          className="min-w-0 flex-1 truncate text-quiet"
          title={told}
        >
          {told === '' ? 'Cluster speed, for everyone who looks at it' : told}
        </p>
        <button
          type="button"
          title="What nodes did and said while the cluster was slowed, as a diagram"
          onClick={() => showTrace(true)}
          className="-my-1 min-h-6 shrink-0 rounded-md px-1 underline underline-offset-2 hover:bg-line"
        >
          Message trace
        </button>
      </div>
      {error !== null && (
        <p role="alert" className="text-sm text-danger">
          {error}
        </p>
      )}
    </section>
  );
}
