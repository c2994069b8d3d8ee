/**
 * A line of a recording: JSON that carries the checksum of its own content.
 *
 *     ["9ae0daaf",{"format":"chronoraft-recording",…}]
 *
 * The sum is CRC-32 over the UTF-16 units of the content's text, one byte for a
 * unit below 256, else two, the low one first: a browser and the server count
 * alike without encoding the text anew.
 */

export type Line = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

const SUM = /^\["([0-9a-f]{8})",/;
const SUM_CHARS = 12;

/** Without a line feed. */
export function writeLine(value: object): string {
  const text = JSON.stringify(value);
  return `["${sumOf(text)}",${text}]`;
}

export function readLine(line: string): Line {
  const sum = SUM.exec(line)?.[1];
  if (sum === undefined || !line.endsWith(']')) return { ok: false };
  const text = line.slice(SUM_CHARS, -1);
  if (sumOf(text) !== sum) return { ok: false };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

/** The value of a line that {@link readLine} has found whole before. */
export function valueOf(line: string): unknown {
  return JSON.parse(line.slice(SUM_CHARS, -1));
}

function sumOf(text: string): string {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    crc = (TABLE[(crc ^ unit) & 0xff] ?? 0) ^ (crc >>> 8);
    if (unit > 0xff) crc = (TABLE[(crc ^ (unit >>> 8)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}

/** Of the reflected polynomial 0xEDB88320. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});
