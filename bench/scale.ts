/**
 * `npm run bench -- scale`: what many versions cost. Fills a real cluster, ends
 * it, starts it again, and measures the store alone at several depths of history.
 * `--versions N` and `--keys K` say how many, `--tiny` only shows that it works.
 */
import { parseArgs } from 'node:util';
import { writeReport } from './report.ts';
import { measureCluster } from './scale-cluster.ts';
import { measureStore } from './scale-store.ts';
import { scaleWorkload } from './scale-workload.ts';
import { figureTable } from './table.ts';

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    tiny: { type: 'boolean', default: false },
    versions: { type: 'string' },
    keys: { type: 'string' },
    out: { type: 'string', default: 'bench/results' },
  },
});
const { tiny } = values;

/** Ends the program with one line unless `given` is a whole number above 0. */
function countOf(name: string, given: string | undefined, usual: number): number {
  const count = Number(given ?? usual);
  if (Number.isSafeInteger(count) && count > 0) return count;
  process.stderr.write(`bench: --${name} ${given} is not a whole number above 0\n`);
  process.exit(2);
}

const versions = countOf('versions', values.versions, tiny ? 1000 : 1_000_000);
const keys = countOf('keys', values.keys, Math.max(1, Math.floor(versions / 10)));
const workload = scaleWorkload(versions, keys);
const time = tiny ? { warmupMs: 100, measureMs: 1000 } : { warmupMs: 1500, measureMs: 5000 };
const cluster = await measureCluster(workload, {
  starts: tiny ? 1 : 3,
  loads: { write: { depth: 256, ...time }, read: { depth: 64, ...time } },
});
const figures = [...cluster, ...measureStore(workload, tiny ? 100 : 200_000)];
const said = `${versions.toLocaleString('en')} versions of 100 bytes over ${keys.toLocaleString('en')} keys`;
const file = writeReport(values.out, { versions, keys, figures });
process.stdout.write(`\n${figureTable(figures)}\n${said}\nwritten to ${file}\n`);
