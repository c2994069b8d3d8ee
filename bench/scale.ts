/**
 * `npm run bench -- scale`: what many versions cost. Fills a real cluster, ends
 * it, starts it again, and measures the store alone at several depths of history.
 * `--versions N` and `--keys K` say how many, `--tiny` only shows that it works.
 */
import { ProgramOptions } from '../harness/program-options.ts';
import { writeReport } from './report.ts';
import { measureCluster } from './scale-cluster.ts';
import { measureStore } from './scale-store.ts';
import { scaleWorkload } from './scale-workload.ts';
import { figureTable } from './table.ts';

const HELP = `npm run bench -- scale [options]

  --versions N     how many the cluster is filled with; 1,000,000
  --keys K         over how many keys; a tenth of the versions
  --tiny           shows that it works: few versions, briefly
  --out FOLDER     where the report goes; bench/results
`;
const options = new ProgramOptions('bench scale', HELP, {
  tiny: { type: 'boolean' },
  versions: { type: 'string' },
  keys: { type: 'string' },
  out: { type: 'string', default: 'bench/results' },
});
const { tiny, out } = options.values;
const versions = options.count('versions', options.values.versions ?? (tiny ? '1000' : '1000000'));
const tenth = Math.max(1, Math.floor(versions / 10));
const keys = options.count('keys', options.values.keys ?? String(tenth));
const workload = scaleWorkload(versions, keys);
const time = tiny ? { warmupMs: 100, measureMs: 1000 } : { warmupMs: 1500, measureMs: 5000 };
const cluster = await measureCluster(workload, {
  starts: tiny ? 1 : 3,
  loads: { write: { depth: 256, ...time }, read: { depth: 64, ...time } },
});
const figures = [...cluster, ...measureStore(workload, tiny ? 100 : 200_000)];
const said = `${versions.toLocaleString('en')} versions of 100 bytes over ${keys.toLocaleString('en')} keys`;
const file = writeReport(out, { versions, keys, figures });
process.stdout.write(`\n${figureTable(figures)}\n${said}\nwritten to ${file}\n`);
