/** Where things stand in the pictures of a chaos run: faults in rows, operations in lanes. */
import type { ChaosStrike, ClashOperation } from '../contracts/chaos.ts';

export interface FaultSpan {
  readonly strike: ChaosStrike;
  readonly fromMs: number;
  readonly toMs: number;
  /** From 0. */
  readonly row: number;
}

/** Room for the mark of a fault that is done in an instant, as a share of the chart. */
const INSTANT_SHARE = 0.012;

/** Faults that struck, in as few rows as keep them apart. */
export function faultSpans(schedule: readonly ChaosStrike[], nowMs: number): readonly FaultSpan[] {
  const ends: number[] = [];
  const spans: FaultSpan[] = [];
  const struck = schedule.filter(({ beganMs }) => beganMs !== null);
  for (const strike of struck.toSorted((a, b) => (a.beganMs ?? 0) - (b.beganMs ?? 0))) {
    const fromMs = strike.beganMs ?? 0;
    const toMs = Math.max(strike.endedMs ?? nowMs, fromMs + nowMs * INSTANT_SHARE);
    const free = ends.findIndex((end) => end <= fromMs);
    const row = free === -1 ? ends.length : free;
    ends[row] = toMs;
    spans.push({ strike, fromMs, toMs, row });
  }
  return spans;
}

/** Seconds between two marks of the axis: the least that leaves them room. */
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120];
const MOST_MARKS = 7;
/** A mark needs this share of the axis for its words. */
const MARK_SHARE = 0.04;

/** Where the axis is marked, ms: whole seconds, each where it is. */
export function axisMarks(wholeMs: number): readonly number[] {
  const stepMs = 1000 * (STEPS_S.find((step) => wholeMs / (1000 * step) < MOST_MARKS) ?? 120);
  const marks = Array.from({ length: Math.floor(wholeMs / stepMs) + 1 }, (_, i) => i * stepMs);
  return marks.filter((ms) => ms <= wholeMs * (1 - MARK_SHARE));
}

export interface LaneBar {
  readonly operation: ClashOperation;
  /** Per cent of the picture's width. */
  readonly left: number;
  readonly width: number;
  readonly isOpen: boolean;
  readonly isClash: boolean;
}

export interface Lane {
  readonly client: string;
  readonly bars: readonly LaneBar[];
}

/** The least width of a bar, per cent. */
const LEAST = 2;

/**
 * A lane for each client, in the order of their first calls. The scale is of
 * order, not of time: an hour may lie between two calls that must be seen together.
 */
export function lanesOf(operations: readonly ClashOperation[]): readonly Lane[] {
  const instants = [
    ...new Set(operations.flatMap(({ callMs, returnedMs }) => [callMs, returnedMs ?? callMs])),
  ].sort((a, b) => a - b);
  const step = 100 / Math.max(1, instants.length);
  const placeOf = (ms: number): number => instants.indexOf(ms) * step;
  const lanes = new Map<string, LaneBar[]>();
  for (const operation of operations.toSorted((a, b) => a.callMs - b.callMs)) {
    const { client, callMs, returnedMs, place } = operation;
    const left = placeOf(callMs);
    const right = returnedMs === null ? 100 : placeOf(returnedMs);
    const bar: LaneBar = {
      operation,
      left,
      width: Math.max(LEAST, right - left),
      isOpen: returnedMs === null,
      isClash: place === null,
    };
    const lane = lanes.get(client);
    if (lane === undefined) lanes.set(client, [bar]);
    else lane.push(bar);
  }
  return [...lanes].map(([client, bars]) => ({ client, bars }));
}
