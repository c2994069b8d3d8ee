/**
 * `npm run bench -- page`: what open pages cost the cluster, and what a busy
 * cluster costs a page. Writes run over HTTP all the while, from a process of
 * their own; everything shares this machine's processors. `--minutes N` says how
 * long the page is watched, `--tiny` only shows that it works.
 */
import { ProgramOptions } from '../harness/program-options.ts';
import { LiveLines } from './live-lines.ts';
import { measureHttp } from './over-http.ts';
import { LONG_TASK_MS, OpenPage } from './open-page.ts';
import { writeReport } from './report.ts';
import { startFreshServer } from './server-process.ts';
import { figureTable } from './table.ts';
import type { Figure } from './table.ts';

const HELP = `npm run bench -- page [options]

  --minutes N      how long the page is watched; 1
  --tiny           shows that it works, and measures little
  --out FOLDER     where the report goes; bench/results
`;
const options = new ProgramOptions('bench page', HELP, {
  tiny: { type: 'boolean' },
  minutes: { type: 'string' },
  out: { type: 'string', default: 'bench/results' },
});
const { tiny, out } = options.values;
const minutes = options.amount('minutes', options.values.minutes ?? (tiny ? '0.05' : '1'));
const browserPath = process.env['CHROMIUM_PATH'];
if (browserPath === undefined) throw new Error('CHROMIUM_PATH names no browser');

const depth = 256;
const load = tiny
  ? { depth: 8, warmupMs: 100, measureMs: 1000 }
  : { depth, warmupMs: 2000, measureMs: 8000 };
const counts = tiny ? [0, 2] : [0, 1, 10, 100];
/** How long tasks are traced, ms: a trace is kept whole in the browser. */
const traceMs = tiny ? 1000 : 15_000;
const figures: Figure[] = [];

function note(what: string, value: number, unit: string): void {
  figures.push({ what, value, unit });
  process.stderr.write('.');
}

const target = await startFreshServer({ page: true });
const [url = ''] = target.urls;
try {
  for (const count of counts) {
    const lines = await LiveLines.open(url, count);
    lines.take();
    const { perSecond, errors } = await measureHttp('chronoraft', target, 'write', load);
    const { patches, chars, longestChars } = lines.take();
    lines.close();
    if (errors > 0) throw new Error(`${errors} writes failed`);
    const seconds = (load.warmupMs + load.measureMs) / 1000;
    const who = `${count} open lines`;
    note(`${who}: writes`, perSecond, 'a second');
    if (count === 0) continue;
    note(`${who}: patches to each`, patches / count / seconds, 'a second');
    note(`${who}: sent to each`, chars / count / seconds / 1000, 'kB a second');
    note(`${who}: greatest message`, longestChars / 1000, 'kB');
  }
  const page = await OpenPage.open(url, browserPath);
  try {
    await measureHttp('chronoraft', target, 'write', { ...load, measureMs: 3000 });
    const heapBefore = await page.heapBytes();
    const workedBefore = await page.workedSeconds();
    await page.takeLongTasks();
    const measureMs = minutes * 60_000;
    const { perSecond } = await measureHttp('chronoraft', target, 'write', { ...load, measureMs });
    const tasks = await page.takeLongTasks();
    const worked = (await page.workedSeconds()) - workedBefore;
    note('one page in a browser: writes', perSecond, 'a second');
    note(
      `one page in a browser: tasks over ${LONG_TASK_MS} ms`,
      tasks.length / minutes,
      'a minute',
    );
    note('one page in a browser: longest task', Math.max(0, ...tasks), 'ms');
    note('one page in a browser: main thread at work', (100 * worked) / (minutes * 60), '%');
    const times = await page.taskTimes(async () => {
      await measureHttp('chronoraft', target, 'write', { ...load, measureMs: traceMs });
    });
    note(
      `one page in a browser: tasks over ${LONG_TASK_MS} ms of processor time`,
      (times.filter((ms) => ms > LONG_TASK_MS).length * 60_000) / traceMs,
      'a minute',
    );
    note('one page in a browser: longest, of processor time', Math.max(0, ...times), 'ms');
    note('one page in a browser: heap before', heapBefore / 2 ** 20, 'MiB');
    note('one page in a browser: heap after', (await page.heapBytes()) / 2 ** 20, 'MiB');
  } finally {
    await page.close();
  }
} finally {
  await target.stop();
}
const said = `writes at ${load.depth} in flight; the page watched for ${minutes} minutes`;
const file = writeReport(out, { minutes, figures });
process.stdout.write(`\n${figureTable(figures)}\n${said}\nwritten to ${file}\n`);
