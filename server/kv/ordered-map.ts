/**
 * A map that can also be walked in the byte order of its names. The order is
 * made when someone first asks for it, and kept: names that come later wait,
 * and are merged in at the next walk, which is cheap when they are few. There
 * are as many maps as records, and most have one name: that needs no table.
 */
import { compareBytes, lowerBound } from './bytes-order.ts';

/** Up to so many names are sorted anew for each walk: most records keep no order. */
const FEW = 32;

export class OrderedMap<Value> {
  /** The first that came, while it is here. */
  private firstName: string | null = null;
  private firstValue: Value | undefined = undefined;
  /** All others. */
  private others: Map<string, Value> | null = null;
  /** Null until the first walk. */
  private sorted: string[] | null = null;
  /** Names that are not among the sorted ones yet. */
  private fresh: string[] | null = null;
  /** Names that were removed, and still are among the sorted or the fresh ones. */
  private removed: Set<string> | null = null;

  get size(): number {
    return (this.firstName === null ? 0 : 1) + (this.others?.size ?? 0);
  }

  get(name: string): Value | undefined {
    return name === this.firstName ? this.firstValue : this.others?.get(name);
  }

  /** `name` is new. */
  add(name: string, value: Value): void {
    if (this.firstName === null) {
      this.firstName = name;
      this.firstValue = value;
    } else {
      this.others ??= new Map();
      this.others.set(name, value);
    }
    if (this.sorted === null || this.removed?.delete(name) === true) return;
    if (this.fresh === null) this.fresh = [name];
    else this.fresh.push(name);
  }

  /** `name` is here. */
  remove(name: string): void {
    if (name === this.firstName) {
      this.firstName = null;
      this.firstValue = undefined;
    } else this.others?.delete(name);
    if (this.sorted === null) return;
    this.removed ??= new Set();
    this.removed.add(name);
    if (this.removed.size * 2 <= this.sorted.length) return;
    // The next walk sorts them anew.
    this.sorted = null;
    this.fresh = null;
    this.removed = null;
  }

  *names(): Generator<string> {
    if (this.firstName !== null) yield this.firstName;
    if (this.others !== null) yield* this.others.keys();
  }

  *all(): Generator<Value> {
    if (this.firstName !== null) yield this.firstValue as Value;
    if (this.others !== null) yield* this.others.values();
  }

  /** Names that begin with `prefix`, from `start` on, in byte order. Nothing may be added meanwhile. */
  *walk(prefix = '', start = ''): Generator<readonly [string, Value]> {
    const names = this.inOrder();
    const first = compareBytes(start, prefix) > 0 ? start : prefix;
    for (let i = lowerBound(names, first); i < names.length; i++) {
      const name = names[i] as string;
      if (!name.startsWith(prefix)) return;
      const value = this.get(name);
      if (value !== undefined) yield [name, value];
    }
  }

  private inOrder(): readonly string[] {
    if (this.size <= FEW) return [...this.names()].sort(compareBytes);
    if (this.sorted === null) this.sorted = [...this.names()].sort(compareBytes);
    else if (this.fresh !== null) this.sorted = merge(this.sorted, this.fresh.sort(compareBytes));
    this.fresh = null;
    return this.sorted;
  }
}

/** `added` is in order, and not empty. */
function merge(sorted: string[], added: readonly string[]): string[] {
  // Names that rise as they come, as those of a backup do, are not worth a copy of all.
  const last = sorted[sorted.length - 1];
  if (last !== undefined && compareBytes(last, added[0] as string) < 0) {
    for (const name of added) sorted.push(name);
    return sorted;
  }
  const merged: string[] = [];
  let i = 0;
  for (const name of sorted) {
    while (i < added.length && compareBytes(added[i] as string, name) < 0)
      merged.push(added[i++] as string);
    merged.push(name);
  }
  while (i < added.length) merged.push(added[i++] as string);
  return merged;
}
