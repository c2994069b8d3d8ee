/** The first line of a backup that was chosen to be restored, read before it is sent. */
import { BackupHeader } from '../contracts/backup.ts';

/** The first line is shorter: a prefix, escaped, and a few numbers. */
const BEGINNING_BYTES = 64 * 1024;

/** Null when the file does not begin as a backup does; the rest of it is the server's to check. */
export async function headerOf(file: Blob): Promise<BackupHeader | null> {
  try {
    const beginning = await file.slice(0, BEGINNING_BYTES).text();
    const [line = '', rest] = beginning.split('\n', 2);
    const header = BackupHeader.safeParse(JSON.parse(line));
    return rest !== undefined && header.success ? header.data : null;
  } catch {
    return null;
  }
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const;

/** "31.1 MB": decimal, as browsers tell the size of a download. */
export function sizeInWords(bytes: number): string {
  let [size, unit] = [bytes, 0];
  for (; size >= 999.5 && unit < UNITS.length - 1; unit++) size /= 1000;
  return `${unit === 0 ? size : size.toFixed(size < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}
