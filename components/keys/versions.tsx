'use client';

import clsx from 'clsx';
import { isNow } from '../../client/keys-moment.ts';
import type { Moment } from '../../client/keys-moment.ts';
import type { Coordinates } from '../../client/time-input.ts';
import { spanAt } from '../../client/version-spans.ts';
import type { VersionSpan } from '../../client/version-spans.ts';
import { ValueText } from '../data/value-text.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { useCurl } from '../ui/use-curl.ts';
import { ReadFailure } from './read-failure.tsx';
import { spanWords } from './span-words.ts';
import { momentOf } from './timeline.tsx';
import type { Lanes } from './use-shown.ts';
import type { Asked } from '../live/use-answer.ts';

interface VersionsProps {
  readonly moment: Moment;
  readonly now: number;
  /** Valid time that the page shows. */
  readonly at: number;
  readonly asked: Asked<Lanes>;
  onTime(time: Coordinates): void;
}

/** Every version of the chosen field in words, newest first; each leads to its time. */
export function Versions({ moment, now, at, asked, onTime }: VersionsProps) {
  const { key, field } = moment;
  const curl = useCurl();
  const lane =
    asked.answer?.key === key
      ? (asked.answer.lanes.find((one) => one.field === field) ?? null)
      : null;
  const spans = lane?.spans ?? [];
  const { asOf } = moment.time;
  const known = asOf === undefined ? {} : { asOf };
  const shown = spanAt(spans, at);
  return (
    <div className="flex h-full flex-col">
      <h2 className="flex gap-2 px-3 pt-3 pb-1 text-[13px] text-quiet">
        <span className="min-w-0 truncate">
          History of <span className="font-mono">{`${key}.${field}`}</span>
        </span>
        <span className="ml-auto shrink-0">
          {lane?.more === true && 'newest '}
          {spans.length.toLocaleString('en')} version{spans.length === 1 ? '' : 's'}
        </span>
        {key !== null && field !== null && (
          <span className="-my-1 shrink-0">
            <CopyCurl
              size="line"
              of="the history"
              command={curl((api) => api.history(key, field, { order: 'desc', ...known }))}
            />
          </span>
        )}
      </h2>
      {asked.failure !== null && (
        <div className="px-3">
          <ReadFailure failure={asked.failure} />
        </div>
      )}
      <ol aria-label="Versions, newest first" className="min-h-0 flex-1 overflow-auto p-1.5">
        {spans.toReversed().map((span) => (
          <li key={`${span.version.revision}-${span.version.op}`}>
            <VersionRow
              moment={moment}
              now={now}
              span={span}
              shown={span === shown}
              onTime={onTime}
            />
          </li>
        ))}
        {lane !== null && spans.length === 0 && (
          <li className="p-1.5 text-quiet">Nothing was ever written here.</li>
        )}
        {lane?.more === true && (
          <li className="p-1.5 text-xs text-quiet">Older versions: GET /api/v1/history</li>
        )}
      </ol>
    </div>
  );
}

interface VersionRowProps {
  readonly moment: Moment;
  readonly now: number;
  readonly span: VersionSpan;
  /** What the page shows at its moment. */
  readonly shown: boolean;
  onTime(time: Coordinates): void;
}

function VersionRow({ moment, now, span, shown, onTime }: VersionRowProps) {
  const { version, end } = span;
  const { timestamp, revision, kind, value } = version;
  return (
    <button
      type="button"
      data-testid={`key-version-${moment.key}-${moment.field}-${revision}`}
      data-kind={kind}
      data-timestamp={timestamp}
      data-end={end}
      aria-pressed={shown}
      title="Look at this version's time"
      onClick={() => onTime(momentOf(span))}
      className={clsx(
        'flex w-full flex-col rounded-lg border px-2 py-1 text-left text-[13px] -outline-offset-2 hover:border-line-strong',
        shown
          ? isNow(moment.time)
            ? 'border-text bg-raised'
            : 'border-past bg-raised'
          : 'border-transparent',
      )}
    >
      <span className="flex w-full items-baseline gap-2">
        <span
          className={clsx(
            'min-w-0 flex-1 truncate font-mono',
            end === 'corrected' && 'line-through',
          )}
        >
          {value === null ? (
            <em className="font-sans text-quiet">deleted</em>
          ) : (
            <ValueText value={value} />
          )}
        </span>
        <span className="shrink-0 font-mono text-xs text-quiet">rev {revision}</span>
      </span>
      <span className="text-xs leading-4 text-quiet">{spanWords(span, now)}</span>
    </button>
  );
}
