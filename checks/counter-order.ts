/**
 * Linearizability of a counter that starts at nothing and to which operations
 * add one at a time. An increment that is answered with v is the v-th, and a
 * read of v stands between the v-th and the next: the answers name the order, so
 * that nothing has to be searched for. It only has to keep time, and increments
 * of unknown outcome have to fill what is left out. Exact, and fast however long
 * the history is.
 */

export interface CounterOperation {
  readonly kind: 'increment' | 'read';
  readonly client: string;
  readonly call: number;
  /** Infinity when its outcome is unknown. */
  readonly returned: number;
  /** The counter after it; null when its outcome is unknown. */
  readonly value: number | null;
}

export interface CounterClash {
  /** In words, a clause. */
  readonly why: string;
  readonly operations: readonly CounterOperation[];
}

type Settled = CounterOperation & { readonly value: number };

/** Null: linearizable. */
export function clashOf(operations: readonly CounterOperation[]): CounterClash | null {
  const settled = operations.filter((operation): operation is Settled => operation.value !== null);
  const odd = settled.find(
    ({ kind, value }) => !Number.isSafeInteger(value) || value < (kind === 'read' ? 0 : 1),
  );
  if (odd !== undefined) return { why: 'no number of increments gives this', operations: [odd] };
  const order = settled.sort((a, b) => placeOf(a) - placeOf(b) || a.call - b.call);
  return twiceCounted(order) ?? outOfTime(order) ?? notCounted(order, operations);
}

/** Reads stand between the increments. */
function placeOf({ kind, value }: Settled): number {
  return 2 * value + (kind === 'read' ? 1 : 0);
}

function twiceCounted(order: readonly Settled[]): CounterClash | null {
  const increments = order.filter(({ kind }) => kind === 'increment');
  for (const [position, later] of increments.entries()) {
    const earlier = increments[position - 1];
    if (earlier?.value === later.value)
      return {
        why: `two increments were both answered ${later.value}`,
        operations: [earlier, later],
      };
  }
  return null;
}

/** Nothing that had returned may stand behind what was called later. */
function outOfTime(order: readonly Settled[]): CounterClash | null {
  let latest: Settled | null = null;
  for (const operation of order) {
    if (latest !== null && operation.returned < latest.call)
      return {
        why: `${operation.value} was answered before ${latest.value} was even asked for`,
        operations: [operation, latest],
      };
    if (latest === null || operation.call > latest.call) latest = operation;
  }
  return null;
}

/** Each number that nobody was answered needs an unknown increment that was asked for in time. */
function notCounted(
  order: readonly Settled[],
  operations: readonly CounterOperation[],
): CounterClash | null {
  const open = operations
    .filter(({ value, kind }) => value === null && kind === 'increment')
    .sort((a, b) => a.call - b.call);
  const answered = new Set(
    order.flatMap(({ kind, value }) => (kind === 'increment' ? [value] : [])),
  );
  // From the end: who of those behind a place returned first.
  const firstBehind = [...order];
  for (let i = order.length - 1; i >= 0; i--) {
    const operation = order[i] as Settled;
    const behind = firstBehind[i + 1];
    firstBehind[i] =
      behind !== undefined && behind.returned <= operation.returned ? behind : operation;
  }
  let used = 0;
  let position = 0;
  const highest = order.at(-1)?.value ?? 0;
  for (let value = 1; value <= highest; value++) {
    if (answered.has(value)) continue;
    while (placeOf(order[position] as Settled) < 2 * value) position++;
    const witness = firstBehind[position] as Settled;
    const filler = open[used++];
    if (filler === undefined || filler.call > witness.returned)
      return {
        why: `${witness.value} was answered, yet no increment can have been number ${value}`,
        operations: filler === undefined ? [witness] : [witness, filler],
      };
  }
  return null;
}
