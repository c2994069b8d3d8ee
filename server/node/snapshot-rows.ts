/**
 * Rows of a snapshot as the text in which they travel: columns by place, with a
 * hash in front, so that a piece that was damaged on its way is noticed before
 * any of it is stored.
 */
import { RollingHash } from '../kv/hash.ts';
import type { Version } from '../kv/types.ts';
import type { Rows } from '../ports/node-storage.ts';

type SentRows = Omit<Rows, 'upTo'>;

type VersionColumns = readonly [
  revision: number,
  op: number,
  stamp: number,
  key: string,
  field: string,
  timestamp: number,
  value: Version['value'],
  expiresAt: number | null,
];

const HASH_CHARS = 16;

export function encodeRows({ horizon, versions, marks }: SentRows): string {
  const text = JSON.stringify({
    horizon,
    versions: versions.map(
      (v): VersionColumns => [
        v.revision,
        v.op,
        v.stamp,
        v.key,
        v.field,
        v.timestamp,
        v.value,
        v.expiresAt,
      ],
    ),
    marks: marks.map(({ revision, stamp }) => [revision, stamp]),
  });
  return hashOf(text) + text;
}

/** Null when the text is not what was sent. */
export function decodeRows(rows: string): SentRows | null {
  const text = rows.slice(HASH_CHARS);
  if (rows.slice(0, HASH_CHARS) !== hashOf(text)) return null;
  const { horizon, versions, marks } = JSON.parse(text) as Pick<Rows, 'horizon'> & {
    versions: VersionColumns[];
    marks: [number, number][];
  };
  return {
    horizon,
    versions: versions.map(([revision, op, stamp, key, field, timestamp, value, expiresAt]) => ({
      revision,
      op,
      stamp,
      key,
      field,
      timestamp,
      value,
      expiresAt,
    })),
    marks: marks.map(([revision, stamp]) => ({ revision, stamp })),
  };
}

function hashOf(text: string): string {
  const hash = RollingHash.empty();
  hash.text(text);
  return hash.hex;
}
