/** What the naive store and its tests say, and compare by. */
import type { Change, FieldChange, FoundVersion } from '../../server/kv/queries.ts';
import type { ApplyResult, Cell, Value, Version, VersionPlace } from '../../server/kv/types.ts';

/** What is wrong with an operation, thrown to undo the write that it is in; or with a question. */
export class Refused extends Error {
  readonly code: 'WRONG_KIND' | 'NOT_AN_INTEGER' | 'REVISION_NOT_YET' | 'COMPACTED' | 'NOT_EMPTY';
  operation: number | undefined = undefined;

  constructor(code: Refused['code']) {
    super(code);
    this.code = code;
  }
}

/** An answer as told: an error is its code, and the place of the operation. */
export type Told =
  | Extract<ApplyResult, { ok: true }>
  | { readonly ok: false; readonly code: string; readonly operation: number | undefined };

export type Row =
  | ({ readonly field: string } & FoundVersion)
  | { readonly key: string; readonly fields: number }
  | {
      readonly key: string;
      readonly fields: readonly ({ readonly field: string } & FoundVersion)[];
    }
  | Version
  | FieldChange;

export function previousOf(version: Version | undefined): Change['previous'] {
  if (version === undefined) return null;
  const { timestamp, revision, expiresAt } = version;
  return { value: valueOf(version), timestamp, revision, expiresAt };
}

export function valueOf({ value }: Version): Value {
  if (value === null) throw new Error('a tombstone does not stand');
  return value;
}

/** Absent counts as empty. */
export function listOf(base: Version | undefined): readonly string[] {
  const value = base === undefined ? [] : valueOf(base);
  if (typeof value === 'string') throw new Refused('WRONG_KIND');
  return value;
}

export function isEqual(a: Value | null, b: Value | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function order(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function compareCells(a: Cell, b: Cell): number {
  return order(a.key, b.key) || order(a.field, b.field);
}

export function comparePlaces(a: VersionPlace, b: VersionPlace): number {
  return a.timestamp - b.timestamp || a.revision - b.revision || a.op - b.op;
}
