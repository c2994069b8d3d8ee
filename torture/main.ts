/**
 * `npm run torture`: the whole server under load from clients in other processes, killed by
 * SIGKILL again and again (`-- --kills 100`), or living on for hours while its nodes are
 * struck (`-- --minutes 60`, a soak). `--help` has the rest.
 */
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
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
  help: { type: 'boolean', default: false },
} as const;

const HISTORY = 'history.jsonl';
const EPOCH_MS = 5000;
const GRACE_MS = 10_000;
const LIFE = '10-400';
const BLOWS = '300';
const LEAST_RETENTION = 120;
const SOAK = { retention: '300', blows: '1500' } as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-torture-'));
  const file = path.join(folder, HISTORY);
  const history = createWriteStream(file);
  const plan = planOf(values, path.join(folder, 'data'), (told) => {
    for (const each of told) history.write(`${JSON.stringify(each)}\n`);
  });
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

function planOf(
  values: Partial<Record<keyof typeof OPTIONS, string | boolean>>,
  dataDir: string,
  record: Plan['record'],
): Plan {
  const minutes = values.minutes === undefined ? null : numberOf('minutes', values.minutes);
  const kills = values.kills === undefined ? null : numberOf('kills', values.kills);
  const isSoak = minutes !== null && kills === null;
  const retention = values.retention ?? (isSoak ? SOAK.retention : null);
  if (values.as !== 'threads' && values.as !== 'processes')
    throw new Usage('--as is threads or processes');
  return {
    seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed),
    kills: kills ?? (minutes === null ? 100 : null),
    durationMs: minutes === null ? null : minutes * 60_000,
    clients: numberOf('clients', values.clients),
    workers: numberOf('workers', values.workers),
    life: values.life === undefined && isSoak ? null : lifeOf(values.life ?? LIFE),
    blowEveryMs: numberOf('blows', values.blows ?? (isSoak ? SOAK.blows : BLOWS)),
    epochMs: EPOCH_MS,
    graceMs: GRACE_MS,
    retentionMs: retention === null ? null : retentionOf(retention) * 1000,
    runNodesAs: values.as,
    root: path.resolve('.'),
    dataDir,
    clientFile: path.resolve('dist/torture/client-process.js'),
    say,
    record,
  };
}

class Usage extends Error {}

function retentionOf(text: unknown): number {
  const seconds = numberOf('retention', text);
  if (seconds < LEAST_RETENTION) throw new Usage(`--retention is ${LEAST_RETENTION} or more`);
  return seconds;
}

function lifeOf(text: unknown): readonly [number, number] {
  const [least = 0, most = 0] = String(text).split('-').map(Number);
  if (!(least > 0 && most > least)) throw new Usage('--life is two numbers, as 10-400');
  return [least, most];
}

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
