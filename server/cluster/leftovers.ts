/**
 * Processes of nodes that outlived their server: one that was paused when the server was
 * killed stays stopped, and may hold a lock on its database. A node that runs ends with its
 * server by itself.
 */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { NODE_TITLE } from '../node/control.ts';

const PROC = '/proc';

/**
 * Ends each one that has a database in the folder open. For the server that has the folder's
 * lock: no other server lives, so these are nobody's. Where the system does not tell of
 * processes nothing is done.
 */
export function endLeftovers(dir: string): void {
  const folder = realpathSync(dir);
  for (const pid of processes()) {
    if (!titleOf(pid).startsWith(NODE_TITLE)) continue;
    if (!openFiles(pid).some((file) => path.dirname(file) === folder)) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile, or another user's: the database says whether it can be used.
    }
  }
}

function processes(): readonly number[] {
  return read(() => readdirSync(PROC), [])
    .filter(isNumber)
    .map(Number);
}

function titleOf(pid: number): string {
  return read(() => readFileSync(`${PROC}/${pid}/cmdline`, 'utf8'), '');
}

function openFiles(pid: number): readonly string[] {
  const folder = `${PROC}/${pid}/fd`;
  return read(() => readdirSync(folder), []).map((fd) =>
    read(() => readlinkSync(`${folder}/${fd}`), ''),
  );
}

/** A process may end at any time, and may not be ours to look at. */
function read<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

function isNumber(name: string): boolean {
  return /^\d+$/.test(name);
}
