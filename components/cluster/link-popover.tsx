'use client';

import clsx from 'clsx';
import { useState } from 'react';
import { changeLink, setLink } from '../../client/fault-requests.ts';
import { laneWords, percent } from '../../client/fault-words.ts';
import { LOG_STEPS, msAt, stepOf } from '../../client/log-scale.ts';
import type { LinkChange } from '../../contracts/faults.ts';
import type { LinkView } from '../../contracts/view.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { Popover } from '../ui/popover.tsx';
import { RangeField } from '../ui/range-field.tsx';
import { useCurl } from '../ui/use-curl.ts';
import { useForecasting } from './forecast.tsx';
import { useFaults } from './use-faults.ts';

/** Weather that people know; what a link does besides, it does no more. */
const WEATHER: readonly (readonly [string, LinkChange])[] = [
  ['LAN', { delayMs: 1, jitterMs: 1, loss: 0, duplicate: 0, reorder: 0 }],
  ['WAN', { delayMs: 80, jitterMs: 20, loss: 0.01, duplicate: 0, reorder: 0 }],
  ['Lossy', { delayMs: 5, jitterMs: 20, loss: 0.2, duplicate: 0.05, reorder: 0.1 }],
];

interface LinkPopoverProps {
  readonly a: string;
  readonly b: string;
  readonly anchor: Element;
  onClose(): void;
}

/** What one link does to its messages, both ways or one, and the way back. */
export function LinkPopover({ a, b, anchor, onClose }: LinkPopoverProps) {
  const [way, setWay] = useState<'both' | 'there' | 'back'>('both');
  const [there, back] = useLive(({ view }) => [
    laneOf(view?.links, a, b),
    laneOf(view?.links, b, a),
  ]);
  const disabled = useActionsDisabled();
  const curl = useCurl();
  const { busy, error, send } = useFaults();
  const forecasting = useForecasting({ do: 'cut', pairs: [[a, b]] });
  const lane = way === 'back' ? back : there;
  if (there === undefined || back === undefined || lane === undefined) return null;
  const because = disabled ?? (busy ? 'Under way' : null);
  const both = way === 'both';
  const change = (parts: LinkChange): void => {
    if (disabled === null) send(changeLink(lane.from, lane.to, { ...parts, both }));
  };
  const isCut = both ? there.cut && back.cut : lane.cut;
  const differ = both && laneWords(there) !== laneWords(back);
  const { from, to, ...rule } = lane;
  return (
    <Popover label={`Faults of the link ${a} to ${b}`} anchor={anchor} onClose={onClose}>
      <div className="flex flex-col gap-2.5">
        <fieldset className="grid grid-cols-3 gap-1">
          <legend className="pb-1 text-sm font-semibold">
            Link <span className="font-mono">{a}</span> to <span className="font-mono">{b}</span>
          </legend>
          {(
            [
              ['both', 'Both ways'],
              ['there', `${a} → ${b}`],
              ['back', `${b} → ${a}`],
            ] as const
          ).map(([value, label]) => (
            <label
              key={value}
              className={clsx(
                'flex min-h-8 cursor-pointer items-center justify-center rounded-lg border text-sm has-focus-visible:outline-2 has-focus-visible:outline-text',
                way === value ? 'border-text font-semibold' : 'border-line',
              )}
            >
              <input
                type="radio"
                name="way"
                className="sr-only"
                checked={way === value}
                onChange={() => setWay(value)}
              />
              {label}
            </label>
          ))}
        </fieldset>
        <div className="flex flex-wrap gap-1.5">
          <Button
            tone={isCut ? 'primary' : 'danger'}
            disabledBecause={because}
            onClick={() => change({ cut: !isCut })}
            {...(both && !isCut && forecasting)}
          >
            {isCut ? 'Join' : 'Cut'}
          </Button>
          {WEATHER.map(([name, parts]) => (
            <Button key={name} disabledBecause={because} onClick={() => change(parts)}>
              {name}
            </Button>
          ))}
          <Button
            className="ml-auto"
            disabledBecause={
              because ?? (laneWords(there) + laneWords(back) === '' ? 'It is whole' : null)
            }
            onClick={() => send(setLink(from, to, { both }))}
          >
            Heal
          </Button>
        </div>
        <div key={way} className="flex flex-col">
          <RangeField
            label="Delay"
            disabled={disabled !== null}
            value={stepOf(lane.delayMs)}
            min={0}
            max={LOG_STEPS}
            textOf={msWords}
            onValue={(step) => change({ delayMs: msAt(step) })}
          />
          <RangeField
            label="Jitter"
            disabled={disabled !== null}
            value={stepOf(lane.jitterMs)}
            min={0}
            max={LOG_STEPS}
            textOf={(step) => `+0–${msWords(step)}`}
            onValue={(step) => change({ jitterMs: msAt(step) })}
          />
          <Share
            label="Lost"
            disabled={disabled !== null}
            value={lane.loss}
            onValue={(loss) => change({ loss })}
          />
          <Share
            label="Sent twice"
            disabled={disabled !== null}
            value={lane.duplicate}
            onValue={(duplicate) => change({ duplicate })}
          />
          <Share
            label="Swapped"
            disabled={disabled !== null}
            value={lane.reorder}
            onValue={(reorder) => change({ reorder })}
          />
        </div>
        {differ && (
          <p className="text-xs text-quiet">
            The two ways differ; shown is {a} → {b}, and a change is made to both.
          </p>
        )}
        {error !== null && (
          <p role="alert" className="text-xs text-danger">
            {error}
          </p>
        )}
        <div>
          <CopyCurl command={curl(setLink(from, to, { ...rule, both }))} />
        </div>
      </div>
    </Popover>
  );
}

interface ShareProps {
  readonly label: string;
  readonly disabled: boolean;
  readonly value: number;
  onValue(value: number): void;
}

function Share({ label, disabled, value, onValue }: ShareProps) {
  return (
    <RangeField
      label={label}
      disabled={disabled}
      value={Math.round(value * 100)}
      min={0}
      max={100}
      textOf={(shown) => percent(shown / 100)}
      onValue={(shown) => onValue(shown / 100)}
    />
  );
}

function msWords(step: number): string {
  return `${msAt(step).toLocaleString('en')} ms`;
}

function laneOf(links: readonly LinkView[] | undefined, from: string, to: string) {
  return links?.find((link) => link.from === from && link.to === to);
}
