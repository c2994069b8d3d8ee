'use client';

import clsx from 'clsx';
import { useEffect, useMemo, useRef, useState } from 'react';
import { isBefore } from '../../client/message-trace.ts';
import type { NodeStep, Trace, VectorClock } from '../../client/message-trace.ts';
import { drawTrace } from '../../client/trace-drawing.ts';
import type { Arrow, DrawnMark } from '../../client/trace-drawing.ts';
import { END_WORDS, indexOf, markWords, whatOf } from '../../client/trace-words.ts';
import { useWidth } from '../ui/use-width.ts';

/** Left of the lines, for cluster time, px. */
const SCALE_PX = 44;
/** Below this width an arrow has no words: they are in the line below the diagram, px. */
const WORDS_FROM_PX = 560;
/** Words of a mark are on its left where there is less room than this, px. */
const MARK_WORDS_PX = 150;
/** Where on an arrow its words are: of one that crosses other lines, near its end, as it begins like that to the next line. */
const WORDS_AT = 0.5;
const WORDS_AT_FAR = 0.68;
/** Scrolled nearer than this to the end, px, it goes on with what is new. */
const FOLLOW_PX = 40;

interface TraceDiagramProps {
  readonly trace: Trace;
  readonly heartbeats: boolean;
}

/** A line for each node, an arrow for each message, time downwards. What is pointed at lights up what led to it. */
export function TraceDiagram({ trace, heartbeats }: TraceDiagramProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [pointed, setPointed] = useState<string | null>(null);
  const drawing = useMemo(
    () => drawTrace(trace, { width, scalePx: SCALE_PX, heartbeats }),
    [trace, width, heartbeats],
  );
  const follows = useRef(true);
  useEffect(() => {
    if (follows.current) box.current?.scrollTo({ top: drawing.height });
  }, [drawing.height]);
  const clocks = useMemo(() => clocksOf(trace.steps), [trace]);
  const lit = pointed === null ? null : (clocks.get(pointed) ?? null);
  const isLit = (id: string): boolean => {
    const clock = clocks.get(id);
    return lit === null || clock === undefined || isBefore(clock, lit);
  };
  const told = drawing.arrows.find(({ message }) => message.sent.id === pointed);
  return (
    <div className="flex min-h-0 min-w-0 flex-col gap-2">
      <div
        ref={box}
        role="region"
        aria-label="Space-time diagram; the table has the same in words"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          follows.current = scrollHeight - clientHeight - scrollTop < FOLLOW_PX;
        }}
        className="h-[55dvh] overflow-x-hidden overflow-y-auto rounded-lg border border-line"
      >
        <div className="sticky top-0 z-10 h-7 bg-surface" aria-hidden="true">
          {drawing.lines.map(({ node, x }) => (
            <span
              key={node}
              className="absolute top-1 -translate-x-1/2 font-mono text-sm font-semibold"
              style={{ left: x }}
            >
              {node}
            </span>
          ))}
        </div>
        <svg
          width={width}
          height={drawing.height}
          aria-hidden="true"
          data-testid="trace-diagram"
          data-arrows={drawing.arrows.length}
          className="-mt-7 block"
          onPointerLeave={() => setPointed(null)}
        >
          {drawing.ticks.map(({ y, clusterMs }) => (
            <text
              key={clusterMs}
              x={4}
              y={y + 4}
              fill="var(--quiet)"
              className="font-mono text-[10px]"
            >
              {Math.round(clusterMs)}
            </text>
          ))}
          {drawing.lines.map(({ node, x }) => (
            <path key={node} d={`M${x} 28V${drawing.height}`} stroke="var(--line-strong)" />
          ))}
          {drawing.arrows.map((arrow) => (
            <MessageArrow
              key={arrow.message.sent.id}
              arrow={arrow}
              isFaint={!isLit(arrow.message.sent.id)}
              hasWords={width >= WORDS_FROM_PX}
              onPoint={() => setPointed(arrow.message.sent.id)}
            />
          ))}
          {drawing.marks.map((mark) => (
            <Mark
              key={mark.step.event.seq}
              mark={mark}
              isLeft={width - mark.x < MARK_WORDS_PX}
              isFaint={!isStepLit(mark.step.clock, lit)}
            />
          ))}
        </svg>
      </div>
      <p className="min-h-10 text-[13px] text-quiet" data-testid="trace-told">
        {told === undefined
          ? 'Time goes down, in ms of the cluster; long silences are cut short. A cross is a message that was lost. Point at a message to see all that led to it.'
          : wordsOf(told)}
      </p>
    </div>
  );
}

interface MessageArrowProps {
  readonly arrow: Arrow;
  readonly isFaint: boolean;
  readonly hasWords: boolean;
  onPoint(): void;
}

function MessageArrow({ arrow, isFaint, hasWords, onPoint }: MessageArrowProps) {
  const { message, x1, y1, x2, y2, isFar } = arrow;
  const at = isFar ? WORDS_AT_FAR : WORDS_AT;
  const { sent, end } = message;
  const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
  // Read from left to right, whichever way it goes.
  const upright = Math.abs(angle) > 90 ? angle + 180 : angle;
  const index = indexOf(sent);
  return (
    <g
      data-message={sent.message}
      data-end={end}
      className={clsx('transition-opacity duration-100', isFaint && 'opacity-20')}
      onPointerEnter={onPoint}
    >
      <path d={`M${x1} ${y1}L${x2} ${y2}`} stroke="transparent" strokeWidth="12" />
      <path
        d={`M${x1} ${y1}L${x2} ${y2}`}
        stroke="var(--text)"
        strokeWidth="1.25"
        strokeDasharray={end === 'under-way' ? '3 3' : undefined}
      />
      <circle cx={x1} cy={y1} r="2.25" fill="var(--text)" />
      <g transform={`translate(${x2} ${y2}) rotate(${angle})`}>
        {end === 'arrived' || end === 'under-way' ? (
          <path d="M0 0-8-3.5-8 3.5z" fill="var(--text)" />
        ) : (
          <path d="M-5-5 5 5M5-5-5 5" stroke="var(--danger)" strokeWidth="2" />
        )}
      </g>
      {hasWords && (
        <text
          transform={`translate(${x1 + (x2 - x1) * at} ${y1 + (y2 - y1) * at}) rotate(${upright})`}
          y={-4}
          textAnchor="middle"
          fill="var(--text)"
          className="text-[11px]"
        >
          {sent.message}
          {sent.refused && ' ✗'}
          <tspan fill="var(--quiet)">{` t${sent.term}${index === null ? '' : ` #${index}`}`}</tspan>
        </text>
      )}
    </g>
  );
}

interface MarkProps {
  readonly mark: DrawnMark;
  /** Its words are on its left. */
  readonly isLeft: boolean;
  readonly isFaint: boolean;
}

/** A diamond on the line of its node, or a bar for a commit, with words beside it. */
function Mark({ mark, isLeft, isFaint }: MarkProps) {
  const { event } = mark.step;
  if (event.type !== 'mark') return null;
  const isStrong = event.mark === 'leader' || event.mark === 'down';
  return (
    <g
      transform={`translate(${mark.x} ${mark.y})`}
      data-mark={event.mark}
      className={clsx(isFaint && 'opacity-20')}
    >
      {event.mark === 'commit' ? (
        <path d="M-7 0H7" stroke="var(--text)" strokeWidth="3" />
      ) : (
        <path
          d="M0-6 6 0 0 6-6 0z"
          fill={isStrong ? 'var(--text)' : 'var(--surface)'}
          stroke="var(--text)"
          strokeWidth="1.5"
        />
      )}
      <text
        x={isLeft ? -10 : 10}
        y={4}
        textAnchor={isLeft ? 'end' : 'start'}
        fill="var(--text)"
        stroke="var(--surface)"
        strokeWidth="4"
        paintOrder="stroke"
        className="text-[11px] font-medium"
      >
        {event.mark === 'commit' ? `#${event.index}` : markWords(event)}
      </text>
    </g>
  );
}

/** Of each message the clock of its arrival, or of its sending while it has not arrived. */
function clocksOf(steps: readonly NodeStep[]): ReadonlyMap<string, VectorClock> {
  return new Map(
    steps.flatMap(({ event, clock }) =>
      event.type === 'mark' ? [] : [[event.id, clock] as const],
    ),
  );
}

function isStepLit(clock: VectorClock, lit: VectorClock | null): boolean {
  return lit === null || isBefore(clock, lit);
}

function wordsOf({ message: { sent, end } }: Arrow): string {
  const fields = sent.fields.map(({ name, value }) => `${name} ${value}`).join(', ');
  const said = fields === '' ? '' : `: ${fields}`;
  return `${sent.message} from ${sent.node} to ${sent.to}, ${whatOf(sent)}, ${END_WORDS[end]}${said}`;
}
