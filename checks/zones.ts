/**
 * Contradictions in a register whose values are all different, found without a
 * search. A value that was written, or seen, by an operation that had returned
 * before another one that saw it was called must have stood all that time: its
 * zone. Two such zones may not overlap, nor may a value come and go within the
 * zone of another (Gibbons and Korach, "Testing shared memories", 1997, section
 * 4.1). Without conditional writes there is an order exactly if nothing of this
 * happens; with them this is only a part of what must hold, and the search finds
 * the rest. It is fast where the search would have to try every order, and what
 * it finds is a handful of operations.
 */
import type { Cell, CellRead, CellWrite } from './cell.ts';

type Step = CellRead | CellWrite;

export interface ZoneClash {
  /** A sentence; times as they are in the history. */
  readonly why: string;
  /** By call. */
  readonly operations: readonly Step[];
}

/** All that wrote or saw one value; null is the absence before the first write. */
interface Zone {
  readonly value: string | null;
  /** Who returned first; null: it stood from the beginning. */
  readonly first: Step | null;
  /** Who was called last. */
  readonly last: Step;
  readonly from: number;
  readonly to: number;
}

/** Null: no contradiction, or a value was written twice or deleted, of which this says nothing. */
export function zoneClash({ settled, open }: Cell): ZoneClash | null {
  const writers = new Map<string, CellWrite>();
  for (const step of [...settled, ...open]) {
    if (step.kind === 'read') continue;
    if (step.value === null || step.mayExpire || writers.has(step.value)) return null;
    writers.set(step.value, step);
  }
  const seen = seenBy(settled);
  for (const [value, steps] of seen) {
    const writer = value === null ? null : writers.get(value);
    if (writer === null) continue;
    const [first] = steps;
    if (writer === undefined)
      return clash(
        `${quoted(value)} was seen, and nobody wrote it.`,
        first === undefined ? [] : [first],
      );
    const early = steps.find(({ returned }) => returned < writer.call);
    if (early !== undefined)
      return clash(`${quoted(value)} was seen before it was written.`, [early, writer]);
  }
  return twiceReplaced(settled) ?? overlap(zonesOf(settled, writers, seen));
}

/** Who was told of each value that it stood. */
function seenBy(settled: readonly Step[]): ReadonlyMap<string | null, readonly Step[]> {
  const seen = new Map<string | null, Step[]>();
  const note = (value: string | null, step: Step): void => {
    const steps = seen.get(value);
    if (steps === undefined) seen.set(value, [step]);
    else steps.push(step);
  };
  for (const step of settled) {
    if (step.kind === 'read') note(step.value, step);
    else if (step.expects !== undefined) note(step.expects, step);
    else if (step.existed === false) note(null, step);
  }
  return seen;
}

/** A value that was replaced is gone: no other conditional write can have found it. */
function twiceReplaced(settled: readonly Step[]): ZoneClash | null {
  const replaced = new Map<string, Step>();
  for (const step of settled) {
    if (step.kind === 'read' || step.expects === undefined) continue;
    const other = replaced.get(step.expects);
    if (other !== undefined)
      return clash(`${quoted(step.expects)} was replaced twice.`, [other, step]);
    replaced.set(step.expects, step);
  }
  return null;
}

function zonesOf(
  settled: readonly Step[],
  writers: ReadonlyMap<string, CellWrite>,
  seen: ReadonlyMap<string | null, readonly Step[]>,
): readonly Zone[] {
  const isSettled = new Set(settled);
  const zones: Zone[] = [];
  for (const [value, writer] of writers) {
    const witnesses = seen.get(value) ?? [];
    // What nobody saw, and may never have been, stands nowhere.
    if (isSettled.has(writer) || witnesses.length > 0)
      zones.push(zoneOf(value, [writer, ...witnesses]));
  }
  const [none, ...others] = seen.get(null) ?? [];
  if (none !== undefined) {
    const zone = zoneOf(null, [none, ...others]);
    zones.push({ ...zone, first: null, from: Number.NEGATIVE_INFINITY });
  }
  return zones;
}

function zoneOf(value: string | null, steps: readonly [Step, ...Step[]]): Zone {
  let [first] = steps;
  let [last] = steps;
  for (const step of steps) {
    if (step.returned < first.returned) first = step;
    if (step.call > last.call) last = step;
  }
  return { value, first, last, from: first.returned, to: last.call };
}

function overlap(zones: readonly Zone[]): ZoneClash | null {
  const standing = zones.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from);
  for (const [i, zone] of standing.entries()) {
    const before = standing[i - 1];
    if (before !== undefined && zone.from < before.to)
      return clash(`${stood(before)}, and ${stood(zone)}: not both can be.`, [
        ...endsOf(before),
        ...endsOf(zone),
      ]);
  }
  for (const brief of zones) {
    if (brief.from < brief.to) continue;
    const around = lastBefore(standing, brief.to);
    if (around !== null && brief.from < around.to)
      return clash(
        `${stood(around)}, yet ${quoted(brief.value)} was there from a time after ${brief.to} to one before ${brief.from}.`,
        [...endsOf(around), ...endsOf(brief)],
      );
  }
  return null;
}

/** The last of the zones, which are sorted and apart, that begins before `at`. */
function lastBefore(standing: readonly Zone[], at: number): Zone | null {
  let low = 0;
  let high = standing.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((standing[middle] as Zone).from < at) low = middle + 1;
    else high = middle;
  }
  return standing[low - 1] ?? null;
}

function endsOf({ first, last }: Zone): readonly Step[] {
  return first === null ? [last] : [first, last];
}

function stood({ value, from, to }: Zone): string {
  const since = from === Number.NEGATIVE_INFINITY ? 'the beginning' : String(from);
  return `${quoted(value)} stood from ${since} to ${to}`;
}

function quoted(value: string | null | undefined): string {
  return value === null || value === undefined ? 'nothing' : `"${value}"`;
}

function clash(why: string, operations: readonly Step[]): ZoneClash {
  return { why, operations: [...new Set(operations)].sort((a, b) => a.call - b.call) };
}
