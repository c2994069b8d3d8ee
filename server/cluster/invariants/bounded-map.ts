/** A map that forgets what came into it first when it is full: what was forgotten is not compared any more. */

export class BoundedMap<K, V> {
  private readonly limit: number;
  private readonly items = new Map<K, V>();

  constructor(limit: number) {
    this.limit = limit;
  }

  get(key: K): V | undefined {
    return this.items.get(key);
  }

  add(key: K, value: V): void {
    this.items.set(key, value);
    if (this.items.size <= this.limit) return;
    for (const oldest of this.items.keys()) {
      this.items.delete(oldest);
      return;
    }
  }

  values(): Iterable<V> {
    return this.items.values();
  }
}
