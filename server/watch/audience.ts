/** The watchers at the head, by what they watch: a batch costs those alone whom it concerns, and each that watches more than one record. */
import type { Change, ChangeBatch } from '../kv/queries.ts';
import { isWithin } from './scope.ts';
import type { Watcher } from './watcher.ts';

export class Audience {
  private readonly byKey = new Map<string, Set<Watcher>>();
  /** Of a prefix, or of all. */
  private readonly wide = new Set<Watcher>();

  add(watcher: Watcher): void {
    const { key } = watcher.scope;
    if (key === undefined) this.wide.add(watcher);
    else {
      const watchers = this.byKey.get(key) ?? new Set();
      this.byKey.set(key, watchers.add(watcher));
    }
  }

  delete(watcher: Watcher): void {
    const { key } = watcher.scope;
    if (key === undefined) {
      this.wide.delete(watcher);
      return;
    }
    const watchers = this.byKey.get(key);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.byKey.delete(key);
  }

  /** Who is told of a batch, and the part of it that each is told. */
  of(batch: ChangeBatch): ReadonlyMap<Watcher, ChangeBatch> {
    const told = new Map<Watcher, Change[]>();
    const tell = (watcher: Watcher, change: Change): void => {
      if (!isWithin(change, watcher.scope)) return;
      const changes = told.get(watcher);
      if (changes === undefined) told.set(watcher, [change]);
      else changes.push(change);
    };
    for (const change of batch.changes) {
      for (const watcher of this.byKey.get(change.key) ?? []) tell(watcher, change);
      for (const watcher of this.wide) tell(watcher, change);
    }
    const parts = new Map<Watcher, ChangeBatch>();
    for (const [watcher, changes] of told) {
      const isWhole = changes.length === batch.changes.length;
      parts.set(watcher, isWhole ? batch : { ...batch, changes });
    }
    return parts;
  }
}
