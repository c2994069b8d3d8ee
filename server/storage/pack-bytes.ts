/**
 * A pack of versions as it is stored: names as JSON, and the columns one after
 * the other as the machine has them in memory, so that reading them is looking
 * at them.
 */
import { crc32 } from 'node:zlib';
import type { VersionPack } from '../kv/version-pack.ts';
import { VersionColumns } from '../kv/version-columns.ts';
import { SealedValues } from '../kv/version-values.ts';

/** Positions of the first and the last version that a pack was made of: some may be forgotten. */
export interface Ends {
  readonly first: number;
  readonly last: number;
}

export interface PackBytes {
  /** CRC-32 of all: what it stands for, names and columns. */
  readonly checksum: number;
  readonly names: string;
  readonly data: Uint8Array;
}

/** In front, as a number of the machine: one with another order of bytes reads another, and so does another layout. */
const MAGIC = 0x63_72_76_70_00_01;
/** Magic, then four numbers of 4 bytes: rows, rows of the column of expiries, bytes of text, 0. */
const HEADER_BYTES = 24;
const ROW_BYTES = 29;
const EXPIRY_BYTES = 8;

export function encodePack(ends: Ends, { columns, names: each }: VersionPack): PackBytes {
  const { positions, timestamps, stamps, expiries, values } = columns.seal();
  const { kinds, bytes: texts } = values;
  const sizes = Uint32Array.of(positions.length, expiries?.length ?? 0, texts.length, 0);
  const magic = Float64Array.of(MAGIC);
  const none = new Float64Array();
  // Wide numbers first: each stands where it may be read.
  const parts = [
    magic,
    sizes,
    positions,
    timestamps,
    stamps,
    expiries ?? none,
    values.ends,
    kinds,
    texts,
  ];
  const data = Buffer.concat(
    parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  );
  const names = JSON.stringify(each);
  return { checksum: checksumOf(ends, names, data), names, data };
}

/** Null for what is damaged, or was made by another program or machine. Shares the data. */
export function decodePack(ends: Ends, { checksum, names, data }: PackBytes): VersionPack | null {
  // Damage may turn any column into one of another type.
  if (typeof names !== 'string' || !(data instanceof Uint8Array)) return null;
  if (checksum !== checksumOf(ends, names, data) || data.length < HEADER_BYTES) return null;
  const isAligned = data.byteOffset % Float64Array.BYTES_PER_ELEMENT === 0;
  const { buffer, byteOffset } = isAligned ? data : Uint8Array.from(data);
  let at = byteOffset;
  const take = (bytes: number): number => {
    at += bytes;
    return at - bytes;
  };
  const [magic] = new Float64Array(buffer, take(8), 1);
  const [rows = 0, expiring = 0, textBytes = 0] = new Uint32Array(buffer, take(16), 4);
  const bytes = HEADER_BYTES + ROW_BYTES * rows + EXPIRY_BYTES * expiring + textBytes;
  if (magic !== MAGIC || data.length !== bytes) return null;
  const positions = new Float64Array(buffer, take(8 * rows), rows);
  const timestamps = new Float64Array(buffer, take(8 * rows), rows);
  const stamps = new Float64Array(buffer, take(8 * rows), rows);
  const expiries = expiring === 0 ? null : new Float64Array(buffer, take(8 * rows), rows);
  const textEnds = new Uint32Array(buffer, take(4 * rows), rows);
  const kinds = new Uint8Array(buffer, take(rows), rows);
  const texts = new Uint8Array(buffer, take(textBytes), textBytes);
  const values = new SealedValues(kinds, textEnds, texts);
  const columns = VersionColumns.of({ positions, timestamps, stamps, expiries, values });
  return { columns, names: JSON.parse(names) as string[] };
}

function checksumOf({ first, last }: Ends, names: string, data: Uint8Array): number {
  return crc32(data, crc32(names, crc32(`${first} ${last}`)));
}
