/**
 * `npm run crash-states`: records what a node asks of its disk, and opens what
 * crashes at any moment may leave of it. `-- --seed N` takes another workload,
 * `--states N` as many states, `--rounds N` a longer workload, `--synchronous normal`
 * or `--weaken ID` records a store that promises too much (torture/crash-states/weakenings.ts);
 * `--stop-at-first` ends with the first state that may not be found, `--json` tells
 * all in one line. Ends with 0, 1 when a state may not be found, or 3 when strace
 * is not there or may not look.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './build-server.mjs';
import { planted } from './planted.mjs';
import { main, PlainError, root, run } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

const SOURCE = 'torture/crash-states';
const USUAL = { seed: 1, states: 6000, rounds: 4 };

function wholeNumber(name, text) {
  const value = text === undefined ? USUAL[name] : Number(text);
  if (Number.isSafeInteger(value) && value > 0) return String(value);
  throw new PlainError(`--${name} ${text} is not a number from 1 on`);
}

function weakeningId({ weaken, synchronous }) {
  if (weaken !== undefined && synchronous !== undefined)
    throw new PlainError('--weaken or --synchronous, not both');
  return synchronous === 'full' ? undefined : (weaken ?? synchronous);
}

await main(async () => {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: {
      ...{ seed: text, states: text, rounds: text, weaken: text, synchronous: text },
      ...{ 'stop-at-first': { type: 'boolean' }, json: { type: 'boolean' } },
    },
  });
  const numbers = Object.keys(USUAL).flatMap((name) => [
    `--${name}`,
    wholeNumber(name, values[name]),
  ]);
  const flags = ['stop-at-first', 'json'].filter((name) => values[name]).map((name) => `--${name}`);
  const id = weakeningId(values);
  await ensureInstalled();
  const outdir = `dist/crash-states/${/^[\w-]+$/.test(id ?? '') ? id : 'sound'}`;
  const programs = ['main', 'opener-thread', 'weakenings'];
  await bundle(Object.fromEntries(programs.map((name) => [name, `${SOURCE}/${name}.ts`])), outdir);
  const { WEAKENINGS } = await import(pathToFileURL(path.join(root, outdir, 'weakenings.js')).href);
  const weakening = WEAKENINGS.find((each) => each.id === id);
  if (id !== undefined && weakening === undefined)
    throw new PlainError(
      `there is no weakening ${id}: ${WEAKENINGS.map((each) => each.id).join(', ')}`,
    );
  const plugins = weakening === undefined ? [] : [planted(id, weakening.edits)];
  await bundle({ writer: `${SOURCE}/writer.ts` }, outdir, plugins);
  const args = [...numbers, ...flags, '--writer', `${outdir}/writer.js`];
  const { code } = await run(process.execPath, [
    '--enable-source-maps',
    `${outdir}/main.js`,
    ...args,
  ]);
  process.exitCode = code;
});
