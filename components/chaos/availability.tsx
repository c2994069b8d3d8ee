import clsx from 'clsx';
import { axisMarks, faultSpans } from '../../client/chaos-chart.ts';
import { FAULT_WORDS, isOver, seconds } from '../../client/chaos-words.ts';
import type { ChaosRun, ChaosSecond } from '../../contracts/chaos.ts';

const ROW_REM = 1.5;

/** What clients were told, second by second, and which faults stood meanwhile. */
export function Availability({ run }: { readonly run: ChaosRun }) {
  const { seconds: told, settings, ranMs, schedule } = run;
  const goesOn = run.state === 'running';
  const wholeMs = goesOn ? Math.max(settings.durationMs, ranMs) : Math.max(1000, ranMs);
  const most = Math.max(1, ...told.map(sumOf));
  const spans = faultSpans(schedule, isOver(run.state) || !goesOn ? wholeMs : ranMs);
  const rows = Math.max(0, ...spans.map(({ row }) => row + 1));
  const silent = told.filter(({ acknowledged }) => acknowledged === 0).length;
  const share = (ms: number): string => `${(Math.min(ms, wholeMs) / wholeMs) * 100}%`;
  /** What goes on beyond the end of the axis ends with it. */
  const place = (fromMs: number, toMs: number) => ({
    left: share(fromMs),
    width: share(Math.min(toMs, wholeMs) - fromMs),
  });
  return (
    <figure className="px-3 pb-3">
      <figcaption className="flex flex-wrap gap-x-4 gap-y-1 pb-2 text-xs text-quiet">
        <Key className="bg-line-strong" word="answered" />
        <Key className="bg-danger" word="failed" />
        <Key className="striped border border-danger" word="unknown" />
        <Key
          className="hatched border border-line-strong"
          word="a second without an acknowledged write"
        />
        <span className="ml-auto">{most} operations a second at most</span>
      </figcaption>
      <div
        role="img"
        aria-label={`${told.length} seconds, ${silent} of them without an acknowledged write; ${spans.length} faults`}
        className="relative h-36 border-b border-line-strong"
      >
        {told.map((second, at) => (
          <div
            // eslint-disable-next-line react/no-array-index-key -- a second is its place
            key={at}
            className={clsx(
              'absolute inset-y-0 flex flex-col justify-end overflow-hidden px-px',
              second.acknowledged === 0 && at < told.length - 1 && 'hatched',
            )}
            style={place(at * 1000, (at + 1) * 1000)}
          >
            <Part className="bg-danger" of={second.failed} most={most} />
            <Part className="striped" of={second.unknown} most={most} />
            <Part className="bg-line-strong" of={second.acknowledged + second.reads} most={most} />
          </div>
        ))}
        {goesOn && (
          <div className="absolute inset-y-0 border-l border-text" style={{ left: share(ranMs) }} />
        )}
      </div>
      <div className="relative h-5 text-xs text-quiet" aria-hidden="true">
        {axisMarks(wholeMs).map((ms) => (
          <span
            key={ms}
            className="absolute top-0 h-full border-l border-line-strong pt-0.5 pl-1 whitespace-nowrap"
            style={{ left: share(ms) }}
          >
            {ms / 1000} s
          </span>
        ))}
      </div>
      {rows > 0 && (
        <ul
          aria-label="Faults over time"
          className="relative mt-2"
          style={{ height: `${rows * ROW_REM}rem` }}
        >
          {spans.map(({ strike, fromMs, toMs, row }) => (
            <li
              key={strike.number}
              title={`${seconds(fromMs)}: ${strike.note ?? strike.words}`}
              className={clsx(
                'absolute h-5 overflow-hidden rounded-sm border border-line-strong bg-raised px-1 text-xs leading-[1.125rem] whitespace-nowrap',
                strike.state === 'striking' && 'border-text',
              )}
              style={{ ...place(fromMs, toMs), top: `${row * ROW_REM}rem` }}
            >
              {FAULT_WORDS[strike.fault].name}
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}

function Part({
  className,
  of,
  most,
}: {
  readonly className: string;
  readonly of: number;
  readonly most: number;
}) {
  if (of === 0) return null;
  // What is rare must be seen too.
  return (
    <div
      className={clsx('min-h-0.5 shrink-0', className)}
      style={{ height: `${(of / most) * 96}%` }}
    />
  );
}

function Key({ className, word }: { readonly className: string; readonly word: string }) {
  return (
    <span className="flex items-center gap-1.5">
      <span className={clsx('size-2.5 rounded-xs', className)} aria-hidden="true" />
      {word}
    </span>
  );
}

function sumOf({ acknowledged, reads, failed, unknown }: ChaosSecond): number {
  return acknowledged + reads + failed + unknown;
}
