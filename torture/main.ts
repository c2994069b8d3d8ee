/**
 * `npm run torture`: the whole server, killed by SIGKILL again and again under load from
 * clients in other processes. `-- --kills 100` or `-- --minutes 60`; `--help` has the rest.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { report } from './report.ts';
import { torture } from './run.ts';
import type { Plan } from './run.ts';

const HELP = `npm run torture -- [options]

  --kills N        kills of the whole server; 100 unless --minutes is given
  --minutes N      for so long
  --life MIN-MAX   a server is killed after so many answers; 10-400
  --as WHAT        threads or processes: in what the nodes run; threads
  --clients N      client processes; 2
  --workers N      clients side by side in each; 4
  --seed N         of what is drawn: lives, blows, keys; drawn if not given. The machine's
                   own timing is not repeated by it
  --keep FOLDER    where the history goes, as JSON lines, and the databases; else only of a
                   run that found something
`;

const OPTIONS = {
  kills: { type: 'string' },
  minutes: { type: 'string' },
  life: { type: 'string', default: '10-400' },
  as: { type: 'string', default: 'threads' },
  clients: { type: 'string', default: '2' },
  workers: { type: 'string', default: '4' },
  seed: { type: 'string' },
  keep: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-torture-'));
  const plan = planOf(values, path.join(folder, 'data'));
  say(
    `seed ${plan.seed}: npm run torture -- ${process.argv.slice(2).join(' ')} --seed ${plan.seed}`,
  );
  const findings = await torture(plan);
  for (const line of report(findings)) say(line);
  const isClean = findings.complaints.length === 0;
  if (isClean && values.keep === undefined) rmSync(folder, { recursive: true, force: true });
  else {
    const kept = values.keep ?? folder;
    mkdirSync(kept, { recursive: true });
    const lines = findings.told.map((told) => `${JSON.stringify(told)}\n`);
    writeFileSync(path.join(kept, 'history.jsonl'), lines.join(''));
    say(`history in ${path.join(kept, 'history.jsonl')}, databases in ${plan.dataDir}`);
  }
  process.exitCode = isClean ? 0 : 1;
}

function planOf(
  values: Partial<Record<keyof typeof OPTIONS, string | boolean>>,
  dataDir: string,
): Plan {
  const minutes = values.minutes === undefined ? null : numberOf('minutes', values.minutes);
  const kills = values.kills === undefined ? null : numberOf('kills', values.kills);
  const [least = 0, most = 0] = String(values.life).split('-').map(Number);
  if (!(least > 0 && most > least)) throw new Usage('--life is two numbers, as 10-400');
  if (values.as !== 'threads' && values.as !== 'processes')
    throw new Usage('--as is threads or processes');
  return {
    seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed),
    kills: kills ?? (minutes === null ? 100 : null),
    durationMs: minutes === null ? null : minutes * 60_000,
    clients: numberOf('clients', values.clients),
    workers: numberOf('workers', values.workers),
    life: [least, most],
    blowEveryMs: 300,
    runNodesAs: values.as,
    root: path.resolve('.'),
    dataDir,
    clientFile: path.resolve('dist/torture/client-process.js'),
    say,
  };
}

class Usage extends Error {}

function numberOf(name: string, text: unknown): number {
  const number = Number(text);
  if (!(number > 0)) throw new Usage(`--${name} is a number above 0`);
  return number;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(
    error instanceof Usage ? `${error.message}\n\n${HELP}` : `${String(error)}\n`,
  );
  process.exit(error instanceof Usage ? 2 : 1);
});
