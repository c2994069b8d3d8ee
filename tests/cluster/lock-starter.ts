/** A process that opens a data folder at a given instant, says how that went, and keeps it until it is told to end. */
import { DataDir } from '../../server/cluster/data-dir.ts';

const [, , dir = '', atMs = ''] = process.argv;
while (Date.now() < Number(atMs));
try {
  const folder = await DataDir.open(dir, ['n1', 'n2', 'n3']);
  process.stdout.write('open\n');
  process.stdin.once('data', () => {
    void folder.close().then(() => process.exit());
  });
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`);
}
