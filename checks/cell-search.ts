/**
 * The search for an order of one cell's operations (see cell.ts) that keeps the
 * order of time and in which a plain register gives every answer.
 *
 * It is Wing and Gong's (1993) with Lowe's memo of (operations placed, state)
 * already tried (2017). An open write is placed only where it explains what
 * comes next: anywhere else nobody could tell. Values that nobody read are one
 * value. A read that changes nothing is placed as soon as it fits, and of writes
 * that could be next the one is tried first whose value was last seen longest ago:
 * with many clients on one cell most orders fail late, and few are good.
 */
import type { Cell, CellRead, CellWrite } from './cell.ts';
import type { DeadEnd } from './counter-example.ts';
import { EventList } from './event-list.ts';

export type CellVerdict =
  | { readonly is: 'linearizable' }
  | { readonly is: 'violation'; readonly deadEnd: DeadEnd }
  /** The budget was spent. */
  | { readonly is: 'undecided'; readonly steps: number };

/** `budget`: most steps of the search. */
export function searchCell(cell: Cell, budget: number): CellVerdict {
  return new CellSearch(cell, budget).run();
}

/** What the register holds: 0 when it is absent, else twice the value's number, plus 1 if it may expire. */
type State = number;
const ABSENT: State = 0;
/** The number of any value that nobody read. */
const UNREAD = 1;

/** One way to place an operation next, perhaps with open writes just before it. */
interface Way {
  /** More than one where each expects what the one before it leaves. */
  readonly opens: readonly number[];
  readonly state: State;
}

interface Placed {
  /** What could come next, and which of it did. */
  readonly options: Options;
  readonly option: number;
  readonly ways: readonly Way[];
  /** Which of the ways was taken. */
  readonly way: number;
  readonly stateBefore: State;
  /** Greatest operation placed before. */
  readonly greatestBefore: number;
}

/** Operations that could come next, best first. `isFree`: the one there is takes nothing from any order. */
interface Options {
  readonly operations: readonly number[];
  readonly isFree: boolean;
}

class CellSearch {
  private readonly cell: Cell;
  private readonly budget: number;
  private readonly events: EventList;
  /** Values that somebody read or expected, numbered from `UNREAD` + 1. */
  private readonly numbers: ReadonlyMap<string, number>;
  /** When each of these values was seen last, by number. */
  private readonly lastSeen = new Map<number, number>();
  private readonly placed: Placed[] = [];
  private readonly settledBits: Uint32Array;
  private readonly openBits: Uint32Array;
  private readonly tried = new Set<string>();
  private state: State = ABSENT;
  private greatest = -1;
  /** The longest order found, what it left in the register, and what could not follow. */
  private longest: readonly Placed[] | null = null;
  private stuckWith: State = ABSENT;
  private stuck: readonly number[] = [];

  constructor(cell: Cell, budget: number) {
    const { settled, open } = cell;
    this.cell = cell;
    this.budget = budget;
    this.events = new EventList(settled);
    const told = new Set(
      [...settled, ...open].map((op) => (op.kind === 'read' ? op.value : op.expects)),
    );
    this.numbers = new Map(
      [...told]
        .filter((value) => value !== null && value !== undefined)
        .map((value, position) => [value, position + UNREAD + 1]),
    );
    for (const step of settled) {
      const seen = step.kind === 'read' ? step.value : step.expects;
      if (seen !== null && seen !== undefined) this.lastSeen.set(this.numberOf(seen), step.call);
    }
    this.settledBits = new Uint32Array(Math.ceil(settled.length / 32));
    this.openBits = new Uint32Array(Math.ceil(open.length / 32));
  }

  run(): CellVerdict {
    let options = this.options();
    let option = 0;
    let ways: readonly Way[] | null = null;
    let way = 0;
    for (let steps = 0; !this.events.isEmpty; steps++) {
      if (steps >= this.budget) return { is: 'undecided', steps };
      const operation = options.operations[option];
      if (operation === undefined) {
        // Nothing leads on from here: the last choice was wrong.
        this.rememberLongest();
        const last = this.takeBackChoice();
        if (last === null) return { is: 'violation', deadEnd: this.deadEnd() };
        ({ options, option, ways } = last);
        way = last.way + 1;
        continue;
      }
      ways ??= this.waysOf(this.settled(operation));
      if (way >= ways.length) {
        option++;
        ways = null;
        way = 0;
        continue;
      }
      const step: Placed = {
        options,
        option,
        ways,
        way,
        stateBefore: this.state,
        greatestBefore: this.greatest,
      };
      this.place(step);
      if (!options.isFree) {
        const key = this.memoKey();
        if (this.tried.has(key)) {
          this.takeBack(step);
          way++;
          continue;
        }
        this.tried.add(key);
      }
      this.placed.push(step);
      options = this.options();
      option = 0;
      ways = null;
      way = 0;
    }
    return { is: 'linearizable' };
  }

  private options(): Options {
    const candidates = this.events.isEmpty ? [] : this.events.candidates;
    const free = candidates.find((operation) => {
      const step = this.settled(operation);
      return step.kind === 'read' && this.after(step, this.state) === this.state;
    });
    if (free !== undefined) return { operations: [free], isFree: true };
    const seenAt = (operation: number): number => {
      const { value } = this.settled(operation);
      if (value === null) return Number.NEGATIVE_INFINITY;
      return this.lastSeen.get(this.numberOf(value)) ?? Number.NEGATIVE_INFINITY;
    };
    const ranked = candidates.map((operation) => ({ operation, at: seenAt(operation) }));
    // Not by difference: that of two infinities is no number.
    ranked.sort((a, b) => (a.at === b.at ? 0 : a.at < b.at ? -1 : 1));
    return { operations: ranked.map(({ operation }) => operation), isFree: false };
  }

  // --- the register ------------------------------------------------------------------

  /** As it stands, if that will do: an open write that is kept can serve later as well. */
  private waysOf(operation: CellRead | CellWrite): readonly Way[] {
    const plain = this.after(operation, this.state);
    if (plain !== null) return [{ opens: [], state: plain }];
    const { settled, open } = this.cell;
    const { returned } = settled[this.events.firstToReturn] as CellRead | CellWrite;
    const ways: Way[] = [];
    const seen = new Set<State>();
    for (const [position, write] of open.entries()) {
      if (write.call > returned) break;
      // Of open writes that leave the same in the register, the first will do.
      const left = this.leftBy(write);
      if (isSet(this.openBits, position) || seen.has(left)) continue;
      const opens = this.leadingTo(position, returned, []);
      if (opens === null) continue;
      seen.add(left);
      const after = this.after(operation, left);
      if (after !== null) ways.push({ opens, state: after });
    }
    return ways;
  }

  /** The open write and, where it expects what does not stand, those that bring that about; null when none do. */
  private leadingTo(
    position: number,
    returned: number,
    later: readonly number[],
  ): readonly number[] | null {
    const { open } = this.cell;
    const { expects } = open[position] as CellWrite;
    const all = [position, ...later];
    if (expects === undefined || this.isHeld(expects, this.state)) return all;
    for (const [other, write] of open.entries()) {
      if (write.call > returned) break;
      if (write.value !== expects || isSet(this.openBits, other) || all.includes(other)) continue;
      const opens = this.leadingTo(other, returned, all);
      if (opens !== null) return opens;
    }
    return null;
  }

  private isHeld(value: string, state: State): boolean {
    return numberIn(state) === this.numberOf(value);
  }

  /** What the register holds after `operation`; null when its answer contradicts `state`. */
  private after(operation: CellRead | CellWrite, state: State): State | null {
    const mayBeAbsent = state === ABSENT || mayExpire(state);
    if (operation.kind === 'read') {
      if (operation.value === null) return mayBeAbsent ? ABSENT : null;
      return this.isHeld(operation.value, state) ? state : null;
    }
    if (operation.expects !== undefined && !this.isHeld(operation.expects, state)) return null;
    if (operation.existed === true && state === ABSENT) return null;
    if (operation.existed === false && !mayBeAbsent) return null;
    return this.leftBy(operation);
  }

  private leftBy(write: CellWrite): State {
    return write.value === null ? ABSENT : 2 * this.numberOf(write.value) + Number(write.mayExpire);
  }

  private numberOf(value: string): number {
    return this.numbers.get(value) ?? UNREAD;
  }

  // --- placing -----------------------------------------------------------------------

  private settled(operation: number): CellRead | CellWrite {
    return this.cell.settled[operation] as CellRead | CellWrite;
  }

  private place(step: Placed): void {
    const { ways, way } = step;
    const operation = operationOf(step);
    const { opens, state } = ways[way] as Way;
    flip(this.settledBits, operation);
    for (const open of opens) flip(this.openBits, open);
    this.events.lift(operation);
    this.state = state;
    this.greatest = Math.max(this.greatest, operation);
  }

  /** Back to the last place where there was a choice; null: there was none. */
  private takeBackChoice(): Placed | null {
    for (let last = this.placed.pop(); last !== undefined; last = this.placed.pop()) {
      this.takeBack(last);
      if (!last.options.isFree) return last;
    }
    return null;
  }

  private takeBack(step: Placed): void {
    const { ways, way, stateBefore, greatestBefore } = step;
    const operation = operationOf(step);
    const { opens } = ways[way] as Way;
    flip(this.settledBits, operation);
    for (const open of opens) flip(this.openBits, open);
    this.events.putBack(operation);
    this.state = stateBefore;
    this.greatest = greatestBefore;
  }

  /** The state and the bits of what was placed; below the first operation in the list all are set. */
  private memoKey(): string {
    const least = this.events.isEmpty ? this.greatest : this.events.operationAt(this.events.first);
    const bits = this.settledBits.subarray(least >>> 5, (this.greatest >>> 5) + 1);
    return `${this.state}:${least >>> 5}:${bits.join()}:${this.openBits.join()}`;
  }

  // --- dead ends ----------------------------------------------------------------------

  private rememberLongest(): void {
    if (this.longest !== null && this.longest.length >= this.placed.length) return;
    this.longest = [...this.placed];
    this.stuckWith = this.state;
    this.stuck = this.events.candidates;
  }

  private deadEnd(): DeadEnd {
    const { cell, stuck } = this;
    const order = (this.longest ?? []).flatMap((step) => {
      const { opens } = step.ways[step.way] as Way;
      return [
        ...opens.map((open) => cell.open[open] as CellWrite),
        this.settled(operationOf(step)),
      ];
    });
    const candidates = stuck.map((position) => cell.settled[position] as CellRead | CellWrite);
    return { cell, order, held: this.inWords(this.stuckWith), candidates };
  }

  private inWords(state: State): string {
    if (state === ABSENT) return 'nothing';
    const value = [...this.numbers].find(([, number]) => number === numberIn(state))?.[0];
    const held = value === undefined ? 'a value that nobody read' : JSON.stringify(value);
    return mayExpire(state) ? `${held}, which may expire` : held;
  }
}

function operationOf({ options, option }: Placed): number {
  return options.operations[option] as number;
}

function numberIn(state: State): number {
  return state >>> 1;
}

function mayExpire(state: State): boolean {
  return (state & 1) === 1;
}

function isSet(bits: Uint32Array, position: number): boolean {
  return (((bits[position >>> 5] as number) >>> (position & 31)) & 1) === 1;
}

function flip(bits: Uint32Array, position: number): void {
  bits[position >>> 5] = (bits[position >>> 5] as number) ^ (1 << (position & 31));
}
