/**
 * Linearizability by search: a second opinion beside the certificate, which
 * knows nothing of revisions, stamps or the log, only who asked what when and
 * was told what. For each cell of a history (see cells.ts) it looks for an order
 * that keeps the order of time and in which a plain register gives every answer.
 *
 * The search is Wing and Gong's (1993) with Lowe's memo of (operations placed,
 * state) already tried (2017), cell by cell (Horn and Kroening's
 * P-compositionality, 2015). An open write is placed only where it explains
 * what comes next: anywhere else nobody could tell. Values that nobody read
 * are one value.
 */
import { cellsOf } from './cells.ts';
import type { Cell, CellRead, CellWrite } from './cells.ts';
import { counterExample, nameOf } from './counter-example.ts';
import { EventList } from './event-list.ts';
import type { Operation } from './history.ts';

/** Steps of the search in one cell; runs of the simulator need some hundred. */
const BUDGET = 500_000;

export interface Verdict {
  /** Operations whose answers were judged. */
  readonly judged: number;
  /** Cells in which there was something to judge. */
  readonly parts: number;
  /** A cell without an order, or undecided within the budget, in words; empty means linearizable. */
  readonly complaints: readonly string[];
}

export interface SearchOptions {
  /** Writes in the final log, as "client/sequence": settles what became of unknown ones. */
  readonly tookEffect?: ReadonlySet<string>;
  /** Most steps of the search in one cell. */
  readonly budget?: number;
}

/** Judges reads and writes at the present. Undecided is a complaint. */
export function checkLinearizability(
  operations: readonly Operation[],
  { tookEffect, budget = BUDGET }: SearchOptions = {},
): Verdict {
  const parts = cellsOf(operations, tookEffect).filter(({ settled }) => settled.length > 0);
  const judged = new Set(parts.flatMap(({ settled }) => settled.map(({ operation }) => operation)));
  return {
    judged: judged.size,
    parts: parts.length,
    complaints: parts
      .map((cell) => new CellSearch(cell, budget).run())
      .filter((complaint) => complaint !== null),
  };
}

/** What the register holds: 0 when it is absent, else twice the value's number, plus 1 if it may expire. */
type State = number;
const ABSENT: State = 0;
/** The number of any value that nobody read. */
const UNREAD = 1;

/** One way to place an operation next, perhaps with an open write just before it. */
interface Way {
  readonly open: number | null;
  readonly state: State;
}

interface Placed {
  readonly node: number;
  readonly ways: readonly Way[];
  /** Which of the ways was taken. */
  readonly way: number;
  readonly stateBefore: State;
  /** Greatest operation placed before. */
  readonly greatestBefore: number;
}

class CellSearch {
  private readonly cell: Cell;
  private readonly budget: number;
  private readonly events: EventList;
  /** Values that somebody read, numbered from `UNREAD` + 1. */
  private readonly numbers: ReadonlyMap<string, number>;
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
    const read = new Set(settled.flatMap((op) => (op.kind === 'read' ? [op.value] : [])));
    this.numbers = new Map(
      [...read]
        .filter((value) => value !== null)
        .map((value, position) => [value, position + UNREAD + 1]),
    );
    this.settledBits = new Uint32Array(Math.ceil(settled.length / 32));
    this.openBits = new Uint32Array(Math.ceil(open.length / 32));
  }

  /** A complaint; null when the cell is linearizable. */
  run(): string | null {
    const { events } = this;
    let node = events.first;
    let ways: readonly Way[] | null = null;
    let way = 0;
    for (let steps = 0; !events.isEmpty; steps++) {
      if (steps >= this.budget) return `${nameOf(this.cell)}: undecided after ${steps} steps`;
      if (events.isReturn(node)) {
        // This operation must have been placed by now: the last choice was wrong.
        this.rememberLongest();
        const last = this.placed.pop();
        if (last === undefined) return this.complaint();
        this.takeBack(last);
        ({ node, ways } = last);
        way = last.way + 1;
        continue;
      }
      ways ??= this.waysOf(this.operationAt(node));
      if (way >= ways.length) {
        node = events.after(node);
        ways = null;
        way = 0;
        continue;
      }
      const step: Placed = {
        node,
        ways,
        way,
        stateBefore: this.state,
        greatestBefore: this.greatest,
      };
      this.place(step);
      const key = this.memoKey();
      if (this.tried.has(key)) {
        this.takeBack(step);
        way++;
        continue;
      }
      this.tried.add(key);
      this.placed.push(step);
      node = events.first;
      ways = null;
      way = 0;
    }
    return null;
  }

  // --- the register ------------------------------------------------------------------

  /** As it stands, if that will do: an open write that is kept can serve later as well. */
  private waysOf(operation: CellRead | CellWrite): readonly Way[] {
    const plain = this.after(operation, this.state);
    if (plain !== null) return [{ open: null, state: plain }];
    const { settled, open } = this.cell;
    const { returned } = settled[this.events.firstToReturn] as CellRead | CellWrite;
    const ways: Way[] = [];
    const seen = new Set<State>();
    for (const [position, write] of open.entries()) {
      if (write.call > returned) break;
      // Of open writes that leave the same in the register, the first will do.
      const left = this.leftBy(write);
      if (isSet(this.openBits, position) || seen.has(left)) continue;
      seen.add(left);
      const after = this.after(operation, left);
      if (after !== null) ways.push({ open: position, state: after });
    }
    return ways;
  }

  /** What the register holds after `operation`; null when its answer contradicts `state`. */
  private after(operation: CellRead | CellWrite, state: State): State | null {
    const mayBeAbsent = state === ABSENT || mayExpire(state);
    if (operation.kind === 'read') {
      if (operation.value === null) return mayBeAbsent ? ABSENT : null;
      return numberIn(state) === this.numberOf(operation.value) ? state : null;
    }
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

  private operationAt(node: number): CellRead | CellWrite {
    return this.cell.settled[this.events.operationAt(node)] as CellRead | CellWrite;
  }

  private place({ node, ways, way }: Placed): void {
    const operation = this.events.operationAt(node);
    const { open, state } = ways[way] as Way;
    flip(this.settledBits, operation);
    if (open !== null) flip(this.openBits, open);
    this.events.lift(operation);
    this.state = state;
    this.greatest = Math.max(this.greatest, operation);
  }

  private takeBack({ node, ways, way, stateBefore, greatestBefore }: Placed): void {
    const operation = this.events.operationAt(node);
    const { open } = ways[way] as Way;
    flip(this.settledBits, operation);
    if (open !== null) flip(this.openBits, open);
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

  // --- complaints ----------------------------------------------------------------------

  private rememberLongest(): void {
    if (this.longest !== null && this.longest.length >= this.placed.length) return;
    this.longest = [...this.placed];
    this.stuckWith = this.state;
    this.stuck = this.events.candidates;
  }

  private complaint(): string {
    const { cell, stuck } = this;
    const order = (this.longest ?? []).flatMap(({ node, ways, way }) => {
      const { open } = ways[way] as Way;
      const before = open === null ? [] : [cell.open[open] as CellWrite];
      return [...before, this.operationAt(node)];
    });
    const candidates = stuck.map((position) => cell.settled[position] as CellRead | CellWrite);
    return counterExample({ cell, order, held: this.inWords(this.stuckWith), candidates });
  }

  private inWords(state: State): string {
    if (state === ABSENT) return 'nothing';
    const value = [...this.numbers].find(([, number]) => number === numberIn(state))?.[0];
    const held = value === undefined ? 'a value that nobody read' : JSON.stringify(value);
    return mayExpire(state) ? `${held}, which may expire` : held;
  }
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
