/** All versions of all fields, by key and field, and the keys in byte order. */
import { compareBytes, lowerBound } from './bytes-order.ts';
import { FieldVersions } from './field-versions.ts';
import type { HeldVersion } from './field-versions.ts';
import type { Scope, Version, View } from './types.ts';

export class Records {
  private readonly records = new Map<string, Map<string, FieldVersions>>();
  /** Keys in byte order; new ones wait in `newKeys` until someone lists. */
  private sortedKeys: string[] = [];
  private newKeys: string[] = [];

  add(version: Version): void {
    let record = this.records.get(version.key);
    if (record === undefined) {
      record = new Map();
      this.records.set(version.key, record);
      this.newKeys.push(version.key);
    }
    let field = record.get(version.field);
    if (field === undefined) {
      field = new FieldVersions();
      record.set(version.field, field);
    }
    field.add(version);
  }

  field(key: string, field: string): FieldVersions | undefined {
    return this.records.get(key)?.get(field);
  }

  standing(key: string, field: string, view: View): HeldVersion | null {
    return this.field(key, field)?.standing(view) ?? null;
  }

  /** Every field that the record ever had, in no order. */
  fields(key: string): ReadonlyMap<string, FieldVersions> {
    return this.records.get(key) ?? NO_FIELDS;
  }

  /** Every field from `start` on that the record ever had, in byte order. */
  sortedFields(key: string, start = ''): readonly (readonly [string, FieldVersions])[] {
    const fields = [...this.fields(key)];
    const later = start === '' ? fields : fields.filter(([name]) => compareBytes(name, start) >= 0);
    return later.sort(([a], [b]) => compareBytes(a, b));
  }

  /** Every key with `prefix` that was ever written, from `start` on and before `end`, in byte order. */
  *keys(prefix = '', start = '', end?: string): Generator<string> {
    this.sortNewKeys();
    const first = compareBytes(start, prefix) > 0 ? start : prefix;
    for (let i = lowerBound(this.sortedKeys, first); i < this.sortedKeys.length; i++) {
      const key = this.sortedKeys[i] as string;
      if (!key.startsWith(prefix)) return;
      if (end !== undefined && compareBytes(key, end) >= 0) return;
      yield key;
    }
  }

  /** Every field in the scope, by key, then field; from `start` on. */
  *cells(
    scope: Scope,
    start = { key: '', field: '' },
  ): Generator<{ readonly key: string; readonly field: string; readonly held: FieldVersions }> {
    const keys =
      scope.key === undefined ? this.keys(scope.prefix, start.key) : onlyKey(scope.key, start.key);
    for (const key of keys) {
      const from = key === start.key ? start.field : '';
      if (scope.field === undefined) {
        for (const [field, held] of this.sortedFields(key, from)) yield { key, field, held };
        continue;
      }
      const held = this.field(key, scope.field);
      if (held !== undefined && compareBytes(scope.field, from) >= 0)
        yield { key, field: scope.field, held };
    }
  }

  /** Merges the keys that came since the last listing: cheap when few are new. */
  private sortNewKeys(): void {
    if (this.newKeys.length === 0) return;
    const added = this.newKeys.sort(compareBytes);
    this.newKeys = [];
    const merged: string[] = [];
    let i = 0;
    for (const key of this.sortedKeys) {
      while (i < added.length && compareBytes(added[i] as string, key) < 0)
        merged.push(added[i++] as string);
      merged.push(key);
    }
    while (i < added.length) merged.push(added[i++] as string);
    this.sortedKeys = merged;
  }
}

const NO_FIELDS: ReadonlyMap<string, FieldVersions> = new Map();

function onlyKey(key: string, start: string): readonly string[] {
  return compareBytes(key, start) >= 0 ? [key] : [];
}
