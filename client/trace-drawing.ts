/**
 * Where the lines, arrows and marks of a space-time diagram are: a vertical line
 * for each node, time downwards. Time is to scale but for stretches in which
 * nothing is drawn, which are cut short. Numbers only, px.
 */
import type { NodeStep, Trace, TracedMessage } from './message-trace.ts';

/** A ms of cluster time: what a message takes on its way, 20 ms, is steep enough to be read. */
const PX_A_MS = 2;
/** Nothing is drawn for longer than this: so much is left of it. */
const LONGEST_GAP_PX = 56;
const TOP_PX = 48;
const BOTTOM_PX = 20;
/** What is under way ends so far below its beginning. */
const UNDER_WAY_MS = 14;
/** A lost message ends so far on its way. */
const LOST_PART = 0.6;
/** Arrows drawn: of more, the newest. */
export const MOST_ARROWS = 400;

export interface Arrow {
  readonly message: TracedMessage;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  /** Over the line of another node. */
  readonly isFar: boolean;
}

export interface DrawnMark {
  readonly step: NodeStep;
  readonly x: number;
  readonly y: number;
}

export interface TraceDrawing {
  readonly width: number;
  readonly height: number;
  readonly lines: readonly { readonly node: string; readonly x: number }[];
  readonly arrows: readonly Arrow[];
  readonly marks: readonly DrawnMark[];
  /** Cluster ms at some heights, for the scale at the side. */
  readonly ticks: readonly { readonly y: number; readonly clusterMs: number }[];
}

export interface DrawingOptions {
  readonly width: number;
  /** Room for the scale at the left, px. */
  readonly scalePx: number;
  readonly heartbeats: boolean;
}

export function isHeartbeat({ sent }: TracedMessage): boolean {
  return sent.message === 'Heartbeat' || sent.message === 'HeartbeatResponse';
}

export function drawTrace(trace: Trace, options: DrawingOptions): TraceDrawing {
  const { width, scalePx, heartbeats } = options;
  const messages = trace.messages
    .filter((message) => heartbeats || !isHeartbeat(message))
    .slice(-MOST_ARROWS);
  const firstMs = messages[0]?.sent.clusterMs ?? 0;
  const isCut = trace.messages.length > MOST_ARROWS && messages.length === MOST_ARROWS;
  const marks = trace.steps.filter(
    ({ event }) => event.type === 'mark' && (!isCut || event.clusterMs >= firstMs),
  );
  const times = [
    ...messages.flatMap((message) => [message.sent.clusterMs, endOf(message)]),
    ...marks.map(({ event }) => event.clusterMs),
  ];
  const { yOf, ticks, height } = scaleOf(times);
  const room = (width - scalePx) / Math.max(1, trace.nodes.length);
  const lines = trace.nodes.map((node, i) => ({ node, x: scalePx + room * (i + 0.5) }));
  const xOf = new Map(lines.map(({ node, x }) => [node, x]));
  return {
    width,
    height,
    lines,
    ticks,
    arrows: messages.flatMap((message) => {
      const [x1, to] = [xOf.get(message.sent.node), xOf.get(message.sent.to)];
      if (x1 === undefined || to === undefined) return [];
      const part = message.end === 'arrived' ? 1 : LOST_PART;
      const [y1, y2] = [yOf(message.sent.clusterMs), yOf(endOf(message))];
      const isFar = Math.abs(to - x1) > room * 1.5;
      return [{ message, x1, y1, x2: x1 + (to - x1) * part, y2, isFar }];
    }),
    marks: marks.flatMap((step) => {
      const x = xOf.get(step.event.node);
      return x === undefined ? [] : [{ step, x, y: yOf(step.event.clusterMs) }];
    }),
  };
}

/** Where its arrow ends, cluster ms: one that was lost at once slants as well. */
function endOf({ sent, end, endMs }: TracedMessage): number {
  const leastMs = end === 'arrived' ? sent.clusterMs : sent.clusterMs + UNDER_WAY_MS;
  return Math.max(endMs ?? leastMs, leastMs);
}

/** Heights of these times, and of no others. */
function scaleOf(times: readonly number[]) {
  const known = [...new Set(times)].toSorted((a, b) => a - b);
  const ys = new Map<number, number>();
  const ticks: { y: number; clusterMs: number }[] = [];
  let y = TOP_PX;
  for (const [i, ms] of known.entries()) {
    y += Math.min(LONGEST_GAP_PX, (ms - (known[i - 1] ?? ms)) * PX_A_MS);
    ys.set(ms, y);
    if (y - (ticks.at(-1)?.y ?? -LONGEST_GAP_PX) >= LONGEST_GAP_PX)
      ticks.push({ y, clusterMs: ms });
  }
  return { yOf: (ms: number) => ys.get(ms) ?? TOP_PX, ticks, height: y + BOTTOM_PX };
}
