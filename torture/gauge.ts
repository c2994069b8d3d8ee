/** What a server takes of the machine, from outside. */
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Sample } from './flat.ts';

const MIB = 2 ** 20;
/** Of processes that are there, MiB; 0 where the system does not tell. */
export async function residentMb(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(
    pids.map(async (pid) => {
      try {
        const status = await readFile(`/proc/${pid}/status`, 'utf8');
        return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
      } catch {
        return 0;
      }
    }),
  );
  return each.reduce((sum, mb) => sum + mb, 0);
}

/** Databases and write-ahead logs in a data folder. */
export async function filesMb(dataDir: string): Promise<Pick<Sample, 'databaseMb' | 'walMb'>> {
  const sizeOf = async (ending: string): Promise<number> => {
    const names = (await readdir(dataDir)).filter((name) => name.endsWith(ending));
    const sizes = await Promise.all(
      names.map((name) =>
        stat(path.join(dataDir, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0) / MIB;
  };
  return { databaseMb: await sizeOf('.db'), walMb: await sizeOf('.db-wal') };
}
