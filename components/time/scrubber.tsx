'use client';

import clsx from 'clsx';
import { memo, useMemo } from 'react';
import { lengthInWords } from '../../client/duration.ts';
import { faultsAt, leaderAt, quietSpans } from '../../client/recording-lanes.ts';
import type { Span } from '../../client/recording-lanes.ts';
import { foldAt, percentOf, timeFold } from '../../client/time-fold.ts';
import type { TimeFold } from '../../client/time-fold.ts';
import type { FaultSpan, Lanes, LeaderSpan } from '../../contracts/recording.ts';
import { secondOf, useViewing, useViewingState } from '../live/live-provider.tsx';
import { FoldMarks } from './fold-marks.tsx';
import { FoldSwitch } from './fold-switch.tsx';

/** Bands narrower than this part of the whole have no room for their words, %. */
const WORDS_FROM = 7;

/** Every moment that is kept, with who led, what was broken and which calls failed. */
export function Scrubber() {
  const viewing = useViewing();
  const { range, atMs, lanes, foldsIdle } = useViewingState((state) => ({
    range: state.range,
    atMs: state.atMs,
    lanes: state.lanes,
    foldsIdle: state.foldsIdle,
  }));
  const axis = useMemo(
    () => (range === null ? null : timeFold(range, quietSpans(lanes, range))),
    [lanes, range],
  );
  const drawn = useMemo(
    () => (axis === null || foldsIdle ? axis : timeFold(axis.range, [])),
    [axis, foldsIdle],
  );
  if (range === null || axis === null || drawn === null)
    return <p className="min-w-0 flex-1 text-center text-xs text-quiet">Nothing is recorded yet</p>;
  const value = Math.min(range.toMs, Math.max(range.fromMs, atMs ?? range.toMs));
  const leader = leaderAt(lanes, value);
  const led = leader?.node == null ? 'no leader' : `${leader.node} led term ${leader.term}`;
  const broken = faultsAt(lanes, value).map(({ what, kind }) => `, ${what} ${FAULT_WORDS[kind]}`);
  const fold = foldAt(drawn, value);
  const idle = fold === null ? '' : `, idle for ${lengthInWords(fold.toMs - fold.fromMs)}`;
  const text =
    atMs === null ? 'now, live' : `${secondOf(value)} UTC, ${led}${broken.join('')}${idle}`;
  return (
    <>
      <div className="flex min-w-0 flex-1 flex-col justify-center gap-0.5">
        {/* As far in as the middle of the thumb at its ends. */}
        <div className="relative mx-2 h-7">
          <div className="absolute inset-0" aria-hidden="true">
            <Bands lanes={lanes} axis={drawn} />
          </div>
          <FoldMarks axis={drawn} onUnfold={() => viewing.setFoldsIdle(false)} />
          <div
            aria-hidden="true"
            className="pointer-events-none absolute -inset-y-0.5 w-0.5 -translate-x-1/2 bg-text"
            style={{ left: `${percentOf(drawn, value)}%` }}
          />
        </div>
        {/* Its value is a place on the axis: where nothing is folded, the time itself. */}
        <input
          type="range"
          aria-label="View time"
          aria-valuetext={text}
          title={text}
          min={range.fromMs}
          max={range.fromMs + drawn.length}
          step={1}
          value={range.fromMs + Math.round(drawn.placeOf(value))}
          onChange={(event) =>
            void viewing.seek(drawn.timeOf(Number(event.target.value) - range.fromMs))
          }
          className="m-0 h-6 w-full min-w-0 accent-text"
        />
      </div>
      <FoldSwitch
        folds={axis.folds}
        isFolded={foldsIdle}
        onChange={(isFolded) => viewing.setFoldsIdle(isFolded)}
      />
    </>
  );
}

interface BandsProps {
  readonly lanes: Lanes;
  readonly axis: TimeFold;
}

const Bands = memo(function Bands({ lanes, axis }: BandsProps) {
  return (
    <>
      {lanes.leaders.map((span) => (
        <LeaderBand key={`${span.term} ${span.fromMs}`} span={span} axis={axis} />
      ))}
      {lanes.faults.map((span) => (
        <FaultBand key={`${span.kind} ${span.what} ${span.fromMs}`} span={span} axis={axis} />
      ))}
      {lanes.failed.map(({ atMs, count }) => (
        <div
          key={atMs}
          data-lane="failed"
          title={`${count} failed calls in the second of ${secondOf(atMs)}`}
          className="absolute bottom-0 h-2.5 w-0.5 bg-danger"
          style={{ left: `${percentOf(axis, atMs)}%` }}
        />
      ))}
    </>
  );
});

/** "n2, t7"; hatched where nobody led. Terms alternate in tint, so that a new one of the same leader shows. */
function LeaderBand({ span, axis }: { readonly span: LeaderSpan; readonly axis: TimeFold }) {
  const { node, term } = span;
  const words = node === null ? 'no leader' : `${node}, t${term}`;
  const style = boxOf(axis, span);
  return (
    <div
      data-lane="leader"
      data-leader={node ?? ''}
      data-term={term ?? ''}
      title={`${words}: ${secondOf(span.fromMs)} to ${secondOf(span.toMs)} UTC`}
      style={style}
      className={clsx(
        'absolute top-0 h-4 min-w-0.5 overflow-hidden border-l border-line-strong px-1 font-mono text-[11px] leading-4 whitespace-nowrap',
        node === null ? 'striped' : (term ?? 0) % 2 === 1 ? 'bg-line' : 'bg-term-odd',
      )}
    >
      {node !== null && style.share >= WORDS_FROM && words}
    </div>
  );
}

const FAULT_WORDS: Record<FaultSpan['kind'], string> = {
  'node-down': 'down',
  'node-changed': 'paused, or its disk or clock at fault',
  'link-cut': 'cut',
  'link-changed': 'slow or lossy',
};

/** A node that is down or at fault is a thick line, whole or dotted; a link that is cut or changed a thin one. */
function FaultBand({ span, axis }: { readonly span: FaultSpan; readonly axis: TimeFold }) {
  return (
    <div
      data-lane="fault"
      data-what={span.what}
      title={`${span.what} ${FAULT_WORDS[span.kind]}: ${secondOf(span.fromMs)} to ${secondOf(span.toMs)} UTC`}
      style={boxOf(axis, span)}
      className={clsx(
        'absolute min-w-0.5',
        span.kind === 'node-down' && 'top-4.5 h-1 bg-down',
        span.kind === 'node-changed' && 'top-4.5 border-t-4 border-dotted border-down',
        span.kind === 'link-cut' && 'top-6 h-0.5 bg-text',
        span.kind === 'link-changed' && 'top-6 border-t-2 border-dotted border-text',
      )}
    />
  );
}

function boxOf(axis: TimeFold, { fromMs, toMs }: Span) {
  const left = percentOf(axis, fromMs);
  const share = percentOf(axis, toMs) - left;
  return { left: `${left}%`, width: `${share}%`, share };
}
