/** How the store of the workload is opened, by the one that is recorded and by the one that judges. */
import path from 'node:path';
import type { OpenOptions } from '../../server/storage/open-store.ts';
import { VOTERS } from './workload.ts';

export const FILE_NAME = 'n1.db';

/** `folder` has the store's files and nothing else. */
export function openOptions(
  folder: string,
  migrationsDir: string,
  storeId: string | null,
): OpenOptions {
  return {
    file: path.join(folder, FILE_NAME),
    migrationsDir,
    clusterId: 'cluster-1',
    nodeId: 'n1',
    voters: VOTERS,
    storeId,
    // Small, so that packs and checkpoints are common.
    packRows: 8,
    checkpointPages: 40,
  };
}
