/**
 * `npm run crash-states`: records what a node asks of its disk, and opens what
 * crashes at any moment may leave of it. Ends with 0, 1 when a state may not be
 * found, 3 when strace is not there or may not look. `-- --seed N` takes another
 * workload, `--states N` as many states, `--rounds N` a longer workload, `--json`
 * tells all in one line; `--synchronous normal` (or off) records a store that
 * promises too much. `--weaken all`, or some of torture/crash-states/weakenings.ts
 * by name, looks for one bad state of each such store, and ends with 1 when there
 * is none.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './build-server.mjs';
import { planted } from './planted.mjs';
import { main, PlainError, root, run, say } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

const SOURCE = 'torture/crash-states';
const USUAL = { seed: 1, states: 6000, rounds: 4 };
/** A short workload with all in it. */
const HUNT = { seed: 8, states: 800, rounds: 1 };
const HUNTS_AT_ONCE = 2;
const HUNT_TIMEOUT_MS = 5 * 60_000;
const NOT_HERE = 3;

function wholeNumber(name, text, usual) {
  const value = text === undefined ? usual : Number(text);
  if (Number.isSafeInteger(value) && value > 0) return String(value);
  throw new PlainError(`--${name} ${text} is not a number from 1 on`);
}

function numbersOf(values, usual) {
  return Object.entries(usual).flatMap(([name, value]) => [
    `--${name}`,
    wholeNumber(name, values[name], value),
  ]);
}

/** Builds all programs; that which is recorded has the weakening in it, if there is one. */
async function built(name, edits) {
  const outdir = `dist/crash-states/${name}`;
  const programs = ['main', 'opener-thread'];
  await bundle(Object.fromEntries(programs.map((each) => [each, `${SOURCE}/${each}.ts`])), outdir);
  await bundle({ writer: `${SOURCE}/writer.ts` }, outdir, [planted(name, edits)]);
  return ['--enable-source-maps', `${outdir}/main.js`, '--writer', `${outdir}/writer.js`];
}

async function readWeakenings() {
  await bundle({ weakenings: `${SOURCE}/weakenings.ts` }, 'dist/crash-states');
  const built = pathToFileURL(path.join(root, 'dist/crash-states/weakenings.js'));
  return (await import(built.href)).WEAKENINGS;
}

function chosen(weakenings, ids) {
  if (ids === 'all') return weakenings;
  return ids.split(',').map((id) => {
    const found = weakenings.find((each) => each.id === id);
    if (found !== undefined) return found;
    throw new PlainError(
      `there is no weakening ${id}: ${weakenings.map((each) => each.id).join(', ')}`,
    );
  });
}

/** Ends with the first bad state; says in a row what it was. */
async function hunt({ id, what, edits }, numbers) {
  const program = await built(id, edits);
  const options = { quiet: true, timeoutMs: HUNT_TIMEOUT_MS };
  const args = [...program, ...numbers, '--stop-at-first', '--json', '--threads', '1'];
  const { code, output } = await run(process.execPath, args, options);
  const report = code === 1 && output.startsWith('{') ? JSON.parse(output) : null;
  const [first] = report?.complaints ?? [];
  const said = first?.complaint ?? (code === 0 ? 'not seen' : output.trim());
  const seen = first === undefined ? '' : `state ${report.states}`;
  process.stdout.write(`${id.padEnd(13)} ${what.padEnd(66)} ${seen.padEnd(9)}  ${said}\n`);
  return { id, code, isSeen: first !== undefined, said };
}

async function huntAll(weakenings, numbers) {
  const waiting = [...weakenings];
  const results = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      results.push(await hunt(next, numbers));
  };
  await Promise.all(Array.from({ length: HUNTS_AT_ONCE }, work));
  const notHere = results.find(({ code }) => code === NOT_HERE);
  if (notHere !== undefined) {
    process.exitCode = NOT_HERE;
    return;
  }
  const missed = results.filter(({ isSeen }) => !isSeen).map(({ id }) => id);
  if (missed.length > 0) throw new PlainError(`not seen: ${missed.join(', ')}`);
  say(`${results.length} of ${weakenings.length} seen`);
}

await main(async () => {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: {
      seed: text,
      states: text,
      rounds: text,
      weaken: text,
      synchronous: text,
      json: { type: 'boolean' },
    },
  });
  const { weaken, synchronous = 'full', json = false } = values;
  if (weaken !== undefined && values.synchronous !== undefined)
    throw new PlainError('--weaken or --synchronous, not both');
  const numbers = numbersOf(values, weaken === undefined ? USUAL : HUNT);
  await ensureInstalled();
  const weakenings = await readWeakenings();
  if (weaken !== undefined) return huntAll(chosen(weakenings, weaken), numbers);
  const [weakening] = synchronous === 'full' ? [] : chosen(weakenings, synchronous);
  const program = await built(weakening?.id ?? 'sound', weakening?.edits ?? []);
  const { code } = await run(process.execPath, [
    ...program,
    ...numbers,
    ...(json ? ['--json'] : []),
  ]);
  process.exitCode = code;
});
