/** All versions of all fields, by key and field. */
import { compareBytes } from './bytes-order.ts';
import { FieldVersions } from './field-versions.ts';
import { OrderedMap } from './ordered-map.ts';
import type { View } from './queries.ts';
import type { Cell, Scope } from './types.ts';
import type { HeldVersion } from './version-columns.ts';
import type { VersionTable } from './version-table.ts';

/** Every field that a record ever had. */
export type Fields = OrderedMap<FieldVersions>;

const NO_FIELDS: Fields = new OrderedMap();

export class Records {
  private readonly table: VersionTable;
  private readonly records = new OrderedMap<Fields>();

  constructor(table: VersionTable) {
    this.table = table;
  }

  /** Keys. */
  get size(): number {
    return this.records.size;
  }

  /** That field, made if it was never written. */
  make(key: string, name: string): FieldVersions {
    let record = this.records.get(key);
    if (record === undefined) {
      record = new OrderedMap();
      this.records.add(key, record);
    }
    let field = record.get(name);
    if (field === undefined) {
      field = new FieldVersions(key, name, this.table);
      record.add(name, field);
    }
    return field;
  }

  /** A field that has no version left. */
  remove({ key, field }: FieldVersions): void {
    const record = this.records.get(key);
    record?.remove(field);
    if (record?.size === 0) this.records.remove(key);
  }

  field(key: string, field: string): FieldVersions | undefined {
    return this.records.get(key)?.get(field);
  }

  standing(key: string, field: string, view: View): HeldVersion | null {
    return this.field(key, field)?.standing(view) ?? null;
  }

  *all(): Generator<FieldVersions> {
    for (const record of this.records.all()) yield* record.all();
  }

  fields(key: string): Fields {
    return this.records.get(key) ?? NO_FIELDS;
  }

  /** Every key with `prefix` that was ever written, from `start` on and before `end`, in byte order. */
  *keys(prefix?: string, start?: string, end?: string): Generator<string> {
    for (const [key] of this.records.walk(prefix, start)) {
      if (end !== undefined && compareBytes(key, end) >= 0) return;
      yield key;
    }
  }

  /** Every field in the scope, by key, then field; from `start` on. */
  *cells(
    scope: Scope,
    start: Cell = { key: '', field: '' },
  ): Generator<Cell & { readonly held: FieldVersions }> {
    const keys =
      scope.key === undefined ? this.keys(scope.prefix, start.key) : onlyKey(scope.key, start.key);
    for (const key of keys) {
      const from = key === start.key ? start.field : '';
      if (scope.field === undefined) {
        for (const [field, held] of this.fields(key).walk('', from)) yield { key, field, held };
        continue;
      }
      const held = this.field(key, scope.field);
      if (held !== undefined && compareBytes(scope.field, from) >= 0)
        yield { key, field: scope.field, held };
    }
  }
}

function onlyKey(key: string, start: string): readonly string[] {
  return compareBytes(key, start) >= 0 ? [key] : [];
}
