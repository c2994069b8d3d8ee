/** Versions as they are kept and restored by the thousand: columns, and whose each is. */
import type { Version } from './types.ts';
import { MAX_ROWS, VersionColumns } from './version-columns.ts';

export interface VersionPack {
  /** At least one version. */
  readonly columns: VersionColumns;
  /** Key and field of each version, one after the other. */
  readonly names: readonly string[];
}

/** Packs versions that come in their order. */
export class PackBuilder {
  private readonly most: number;
  private columns = new VersionColumns();
  private names: string[] = [];

  /** Packs have so many versions at `most`; less than the usual number: tests only. */
  constructor(most = MAX_ROWS) {
    this.most = most;
  }

  /** Adds one; answers the pack that it has made full, if it has. */
  add(version: Version): VersionPack | null {
    this.columns.add(version);
    this.names.push(version.key, version.field);
    return isFull(this.columns, this.most) ? this.take() : null;
  }

  /** What was added and is in no pack yet; null: nothing. */
  take(): VersionPack | null {
    const { columns, names } = this;
    if (columns.length === 0) return null;
    this.columns = new VersionColumns();
    this.names = [];
    return { columns, names };
  }
}

/** Packs of columns like these take no more. */
export function isFull(columns: VersionColumns, most = MAX_ROWS): boolean {
  return columns.isFull || columns.length >= most;
}

/** Packs of these, which come in their order: all but the last are full. */
export function packsOf(versions: Iterable<Version>, most = MAX_ROWS): readonly VersionPack[] {
  const packs: VersionPack[] = [];
  const builder = new PackBuilder(most);
  for (const version of versions) {
    const full = builder.add(version);
    if (full !== null) packs.push(full);
  }
  const rest = builder.take();
  if (rest !== null) packs.push(rest);
  return packs;
}

/** Those for which `keeps` holds; null when there are none. */
export function filterPack(
  { columns, names }: VersionPack,
  keeps: (row: number) => boolean,
): VersionPack | null {
  const kept = columns.filter(keeps);
  if (kept.length === 0) return null;
  return { columns: kept, names: names.filter((_, i) => keeps(i >>> 1)) };
}

/** The versions one by one, each made when its turn comes. */
export function* versionsOf(packs: Iterable<VersionPack>): Generator<Version> {
  for (const { columns, names } of packs) {
    for (let row = 0; row < columns.length; row++) {
      const { revision, op } = columns.place(row);
      yield {
        key: names[2 * row] as string,
        field: names[2 * row + 1] as string,
        timestamp: columns.timestamp(row),
        revision,
        op,
        value: columns.value(row),
        expiresAt: columns.expiresAt(row),
        stamp: columns.stamp(row),
      };
    }
  }
}
