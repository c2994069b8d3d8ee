/**
 * `npm run bench`: writes and reads inside the process and over HTTP at several
 * depths, fail-over and restart, and the same HTTP work on a three-member etcd
 * where one is installed. Prints a table and writes JSON. `-- --tiny` only
 * shows that it works; `-- --seconds N` sets how long each figure is measured.
 */
import { ProgramOptions } from '../harness/program-options.ts';
import type { Load, LoadResult } from './closed-loop.ts';
import { etcdVersion, startEtcd } from './etcd.ts';
import { measureInProcess, withCluster } from './in-process.ts';
import { measureHttp } from './over-http.ts';
import { fill, measureFailOver, measureRestart } from './recovery.ts';
import { writeReport } from './report.ts';
import { startFreshServer } from './server-process.ts';
import { table } from './table.ts';
import type { Line } from './table.ts';

const HELP = `npm run bench -- [options]          the cluster, in its process and over HTTP
npm run bench -- scale [options]    many versions
npm run bench -- page [options]     open pages

  --seconds N      how long each figure is measured; 5
  --tiny           shows that it works, and measures nothing
  --out FOLDER     where the report goes; bench/results

npm run bench -- scale --help and npm run bench -- page --help have the rest.
`;
const options = new ProgramOptions('bench', HELP, {
  tiny: { type: 'boolean' },
  seconds: { type: 'string' },
  out: { type: 'string', default: 'bench/results' },
});
const { tiny, seconds, out } = options.values;
const measureMs = 1000 * options.amount('seconds', seconds ?? (tiny ? '0.2' : '5'));
const warmupMs = tiny ? 100 : 1500;
const depths = tiny ? [1, 8] : [1, 64, 256, 1000];
const httpDepths = tiny ? [8] : [1, 64, 256];
const rounds = tiny ? 1 : 15;
const versions = tiny ? 100 : 100_000;

const loads = (list: readonly number[]): readonly Load[] =>
  list.map((depth) => ({ depth, warmupMs, measureMs }));
const lines: Line[] = [];

function note(line: Line): void {
  lines.push(line);
  process.stderr.write('.');
}

function noteLoad(where: string, what: string, result: LoadResult): void {
  note({ where, what: `${what}, ${result.depth} at once`, ...result });
}

await withCluster(async (server) => {
  // A server that has just begun runs code that is not compiled yet: no figure for one that has been up a while.
  if (!tiny) await measureInProcess(server, 'write', { depth: 64, warmupMs: 0, measureMs: 4000 });
  for (const operation of ['write', 'read'] as const) {
    for (const load of loads(depths)) {
      noteLoad('in process', `${operation}s`, await measureInProcess(server, operation, load));
    }
  }
});

await withCluster(async (server) => {
  await fill(server, 10);
  const failOver = await measureFailOver(server, rounds);
  note({ where: 'in process', what: `leader killed to next write, ${rounds} times`, ...failOver });
});

await withCluster(async (server) => {
  await fill(server, versions);
  const restart = await measureRestart(server, tiny ? 1 : 5);
  note({ where: 'in process', what: `restart with ${versions} versions`, ...restart });
});

const version = etcdVersion();
const systems = [
  { system: 'chronoraft', name: 'over HTTP', start: startFreshServer },
  ...(version === null || tiny
    ? []
    : [{ system: 'etcd', name: `etcd ${version}`, start: startEtcd } as const]),
] as const;
for (const { system, name, start } of systems) {
  const target = await start();
  try {
    // As above, and the same for both; etcd comes compiled, and loses nothing by it.
    if (!tiny) {
      await measureHttp(system, target, 'write', { depth: 64, warmupMs: 0, measureMs: 4000 });
    }
    for (const operation of ['write', 'read'] as const) {
      for (const load of loads(httpDepths)) {
        noteLoad(name, `${operation}s`, await measureHttp(system, target, operation, load));
      }
    }
  } finally {
    await target.stop();
  }
}

const workload =
  'values of 100 bytes over 1,000 keys; every write durable on a quorum, every read linearizable';
const file = writeReport(out, { etcd: version, workload, measureMs, lines });
process.stderr.write('\n');
process.stdout.write(`${table(lines)}\n${workload}\nwritten to ${file}\n`);
if (lines.some(({ errors }) => (errors ?? 0) > 0)) {
  process.stdout.write('some operations failed: see the column of errors\n');
  process.exitCode = 1;
}
