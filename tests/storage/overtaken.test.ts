/** A start that takes long, of a server that has died meanwhile, and the next start that it meets. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import path from 'node:path';
import { must } from '../../server/base/assert.ts';
import { Connection } from '../../server/storage/connection.ts';
import { readNodeRow, updateNodeRow } from '../../server/storage/node-row.ts';
import { openPrismaStorage } from '../../server/storage/prisma-storage.ts';
import { readMark, StoreMark } from '../../server/storage/store-mark.ts';
import { fill, Written } from './at-rest.ts';
import { OWNER, VOTERS } from './rows.ts';

const disk = new Written();
beforeAll(() => fill(disk, () => {}));
afterAll(() => disk.end());

test('[P30] a start that another one overtakes is over, and leaves the mark of that one alone', async () => {
  const { file } = disk.copy();
  const other = await Connection.open(file);
  const overtake = (): void => {
    const { identity, ...row } = must(readNodeRow(other), 'it is there');
    const node = {
      ...row,
      identity: { ...identity, bootEpoch: identity.bootEpoch + 1 },
      writes: row.writes + 7,
    };
    other.exclusively(() => other.run(updateNodeRow(node, null)));
    StoreMark.begin(file, { ...node.identity, writes: node.writes });
  };
  const opened = openPrismaStorage({
    file,
    migrationsDir: path.resolve('prisma/migrations'),
    voters: VOTERS,
    storeId: null,
    ...OWNER,
    // It is asked for once the store is claimed, while its rows are read.
    get packRows() {
      overtake();
      return 16;
    },
  });
  await expect(opened).rejects.toMatchObject({ code: 'fenced' });
  const { identity, writes } = must(readNodeRow(other), 'it is there');
  const { storeId, bootEpoch } = identity;
  expect(readMark(file)).toEqual({ storeId, bootEpoch, writes });
  await other.close();
});
