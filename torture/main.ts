/**
 * `npm run torture`: the whole server under load from clients in other processes, killed by
 * SIGKILL again and again (`-- --kills 100`), or living on for hours while its nodes are
 * struck (`-- --minutes 60`, a soak). `--help` has the rest.
 */
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ProgramOptions } from '../harness/program-options.ts';
import { report } from './report.ts';
import { torture } from './run.ts';
import type { Plan } from './run.ts';

const HELP = `npm run torture -- [options]

  --kills N        kills of the whole server; 100 unless --minutes is given
  --minutes N      a soak: for so long, of a server that lives on and keeps five minutes.
                   Memory and files are judged after some twenty
  --life MIN-MAX   a server is killed after so many answers; 10-400, in a soak never
  --retention S    nothing older than so many seconds is kept; 300 in a soak, else everything.
                   120 at least, as it is to outlast what is to be judged
  --blows MS       between blows against single nodes, on average; 300, in a soak 1500
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
  life: { type: 'string' },
  retention: { type: 'string' },
  blows: { type: 'string' },
  as: { type: 'string', default: 'threads' },
  clients: { type: 'string', default: '2' },
  workers: { type: 'string', default: '4' },
  seed: { type: 'string' },
  keep: { type: 'string' },
} as const;

const HISTORY = 'history.jsonl';
const EPOCH_MS = 5000;
const GRACE_MS = 10_000;
const LIFE = '10-400';
const BLOWS = '300';
const LEAST_RETENTION = 120;
const SOAK = { retention: '300', blows: '1500' } as const;

async function main(): Promise<void> {
  const options = new ProgramOptions('torture', HELP, OPTIONS);
  const { values } = options;
  const asked = planOf(options);
  const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-torture-'));
  const file = path.join(folder, HISTORY);
  const history = createWriteStream(file);
  const plan: Plan = {
    ...asked,
    dataDir: path.join(folder, 'data'),
    record: (told) => {
      for (const each of told) history.write(`${JSON.stringify(each)}\n`);
    },
  };
  say(
    `seed ${plan.seed}: npm run torture -- ${process.argv.slice(2).join(' ')} --seed ${plan.seed}`,
  );
  const findings = await torture(plan);
  history.end();
  await once(history, 'close');
  for (const line of report(findings)) say(line);
  const isClean = findings.complaints.length === 0;
  if (isClean && values.keep === undefined) rmSync(folder, { recursive: true, force: true });
  else {
    const kept = values.keep ?? folder;
    mkdirSync(kept, { recursive: true });
    if (kept !== folder) cpSync(file, path.join(kept, HISTORY));
    say(`history in ${path.join(kept, HISTORY)}, databases in ${plan.dataDir}`);
  }
  process.exitCode = isClean ? 0 : 1;
}

type Options = ProgramOptions<typeof OPTIONS>;

function planOf(options: Options): Omit<Plan, 'dataDir' | 'record'> {
  const { values } = options;
  const minutes = values.minutes === undefined ? null : options.amount('minutes', values.minutes);
  const kills = values.kills === undefined ? null : options.count('kills', values.kills);
  const isSoak = minutes !== null && kills === null;
  if (values.as !== 'threads' && values.as !== 'processes')
    return options.refuse('--as is threads or processes');
  return {
    seed:
      values.seed === undefined
        ? Math.floor(Math.random() * 2 ** 31) + 1
        : options.count('seed', values.seed),
    kills: kills ?? (minutes === null ? 100 : null),
    durationMs: minutes === null ? null : minutes * 60_000,
    clients: options.count('clients', values.clients),
    workers: options.count('workers', values.workers),
    life: lifeOf(options, isSoak),
    blowEveryMs: options.amount('blows', values.blows ?? (isSoak ? SOAK.blows : BLOWS)),
    epochMs: EPOCH_MS,
    graceMs: GRACE_MS,
    retentionMs: retentionOf(options, isSoak),
    runNodesAs: values.as,
    root: path.resolve('.'),
    clientFile: path.resolve('dist/torture/client-process.js'),
    say,
  };
}

function retentionOf(options: Options, isSoak: boolean): number | null {
  const given = options.values.retention ?? (isSoak ? SOAK.retention : undefined);
  if (given === undefined) return null;
  const seconds = options.amount('retention', given);
  if (seconds < LEAST_RETENTION) return options.refuse(`--retention is ${LEAST_RETENTION} or more`);
  return seconds * 1000;
}

function lifeOf(options: Options, isSoak: boolean): readonly [number, number] | null {
  const { life } = options.values;
  if (life === undefined && isSoak) return null;
  const [least = 0, most = 0] = (life ?? LIFE).split('-').map(Number);
  if (least > 0 && most > least) return [least, most];
  return options.refuse(`--life ${life} is not two numbers, as 10-400`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
