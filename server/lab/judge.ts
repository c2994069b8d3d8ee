/**
 * Judges a history key by key: registers by the zones of their values and by
 * search for an order, counters by the order that their answers name. Pure; it may take long, and is for a thread of
 * its own.
 */
import type {
  ChaosOperation,
  ClashOperation,
  CounterExample,
  KeyVerdict,
} from '../../contracts/chaos.ts';
import type { Cell, CellRead, CellWrite } from '../../checks/cell.ts';
import { searchCell } from '../../checks/cell-search.ts';
import type { DeadEnd } from '../../checks/counter-example.ts';
import { clashOf } from '../../checks/counter-order.ts';
import type { CounterClash, CounterOperation } from '../../checks/counter-order.ts';
import { zoneClash } from '../../checks/zones.ts';
import type { ZoneClash } from '../../checks/zones.ts';
import { unreachable } from '../base/assert.ts';
import { FIELD, isCounter } from './keys.ts';

/** Steps of the search in one register; a run of ten minutes needs some ten thousand. */
const BUDGET = 2_000_000;
/** Operations of a counter-example: the last of those that fit, and those that do not. */
const FITTING = 12;
const CLASHING = 12;

type Told = ChaosOperation;

/** One verdict after the other, in the order of the keys. */
export function* judge(
  operations: readonly Told[],
  keys: readonly string[],
  budget = BUDGET,
): Generator<KeyVerdict> {
  const byKey = new Map<string, Told[]>(keys.map((key) => [key, []]));
  for (const operation of operations) byKey.get(operation.key)?.push(operation);
  for (const [key, told] of byKey)
    yield isCounter(key) ? judgeCounter(key, told) : judgeRegister(key, told, budget);
}

// --- registers -----------------------------------------------------------------------

function judgeRegister(key: string, told: readonly Told[], budget: number): KeyVerdict {
  const cell: Cell = { key, field: FIELD, settled: [], open: [] };
  for (const operation of told) {
    const step = asCellStep(operation);
    if (step === null) continue;
    if (step.kind === 'write' && step.returned === Number.POSITIVE_INFINITY) cell.open.push(step);
    else cell.settled.push(step);
  }
  const kind = 'register';
  const count = cell.settled.length + cell.open.length;
  // Where a whole search would have to try every order, this sees the most common lies at once.
  const clash = zoneClash(cell);
  if (clash !== null) {
    const counterExample = zoneExample(clash);
    return { key, kind, operations: count, verdict: 'violation', counterExample };
  }
  const verdict = searchCell(cell, budget);
  switch (verdict.is) {
    case 'linearizable':
      return { key, kind, operations: count, verdict: 'linearizable', counterExample: null };
    case 'undecided':
      return { key, kind, operations: count, verdict: 'unknown', counterExample: null };
    case 'violation': {
      const counterExample = exampleOf(verdict.deadEnd);
      return { key, kind, operations: count, verdict: 'violation', counterExample };
    }
    default:
      return unreachable(verdict);
  }
}

/** Null: it tells nothing. */
function asCellStep(operation: Told): CellRead | CellWrite | null {
  const { callMs: call, returnedMs, outcome } = operation;
  if (outcome === 'failed' || operation.op === 'increment') return null;
  const returned = returnedMs ?? Number.POSITIVE_INFINITY;
  if (operation.op === 'read')
    return { kind: 'read', operation, call, returned, value: operation.found };
  const write = { kind: 'write', operation, call, returned, mayExpire: false } as const;
  if (operation.op === 'set')
    return { ...write, value: operation.value, existed: operation.existed };
  // What was not written was looked at.
  if (operation.swapped === false)
    return { kind: 'read', operation, call, returned, value: operation.found };
  const existed = operation.swapped === true ? true : null;
  return { ...write, value: operation.value, existed, expects: operation.expected };
}

function exampleOf({ order, held, candidates }: DeadEnd): CounterExample {
  const omitted = Math.max(0, order.length - FITTING);
  const shown = order.slice(omitted).map((step, i) => ({ step, place: omitted + i + 1 }));
  const clashing = candidates.slice(0, CLASHING).map((step) => ({ step, place: null }));
  return {
    why: `After the longest order that fits, the register holds ${held}, and what was answered next cannot follow.`,
    operations: [...shown, ...clashing].map(({ step, place }) => asClash(step, place)),
    omitted,
  };
}

function zoneExample({ why, operations }: ZoneClash): CounterExample {
  return {
    why: `${why.slice(0, 1).toUpperCase()}${why.slice(1)}`,
    operations: operations.map((step) => asClash(step, null)),
    omitted: 0,
  };
}

function asClash(step: CellRead | CellWrite, place: number | null): ClashOperation {
  return {
    client: step.operation.client,
    words: registerWords(step),
    callMs: step.call,
    returnedMs: step.returned === Number.POSITIVE_INFINITY ? null : step.returned,
    place,
  };
}

function registerWords(step: CellRead | CellWrite): string {
  const value = step.value === null ? 'nothing' : `"${step.value}"`;
  if (step.kind === 'read') return `read ${value}`;
  return step.expects === undefined ? `set ${value}` : `set ${value} in place of "${step.expects}"`;
}

// --- counters ------------------------------------------------------------------------

function judgeCounter(key: string, told: readonly Told[]): KeyVerdict {
  const steps = told.map(asCounterStep).filter((step) => step !== null);
  const clash = clashOf(steps);
  return {
    key,
    kind: 'counter',
    operations: steps.length,
    verdict: clash === null ? 'linearizable' : 'violation',
    counterExample: clash === null ? null : clashExample(clash),
  };
}

function asCounterStep(operation: Told): CounterOperation | null {
  const { client, callMs: call, returnedMs, outcome } = operation;
  if (outcome === 'failed') return null;
  const returned = returnedMs ?? Number.POSITIVE_INFINITY;
  if (operation.op === 'increment')
    return { kind: 'increment', client, call, returned, value: operation.result };
  if (operation.op !== 'read') return null;
  return { kind: 'read', client, call, returned, value: Number(operation.found ?? 0) };
}

function clashExample({ why, operations }: CounterClash): CounterExample {
  return {
    why: `${why.slice(0, 1).toUpperCase()}${why.slice(1)}.`,
    operations: operations.map(({ kind, client, value, call, returned }) => ({
      client,
      words:
        kind === 'read' ? `read ${value}` : `incremented${value === null ? '' : ` to ${value}`}`,
      callMs: call,
      returnedMs: returned === Number.POSITIVE_INFINITY ? null : returned,
      place: null,
    })),
    omitted: 0,
  };
}
