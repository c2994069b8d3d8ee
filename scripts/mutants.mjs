/**
 * `npm run mutants`: puts known bugs back, one at a time (sim/mutants/table.ts),
 * and lets the simulator look for each from seed 1 on. Ends with 1 when one is
 * not found within its budget of seeds, or when the code as it stands breaks a
 * rule in the same seeds. `-- --only C1,C4` takes some of them, `-- --budget N`
 * the same number of seeds for all.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './build-server.mjs';
import { planted } from './planted.mjs';
import { main, PlainError, root, run, say } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

const AT_ONCE = 2;
/** For a hunt, besides what each seed may take. */
const START_MS = 30_000;
const SEED_MS = 5000;

/** Code as it stands, in the place of a mutant. */
const NONE = { id: 'none', file: '', what: 'the code as it stands', find: '', replace: '' };

/** Builds the simulator with `mutant` in it and runs `seeds` seeds, or fewer if a rule breaks. */
async function hunt(mutant, seeds) {
  const outdir = `dist/mutants/${mutant.id}`;
  await bundle(
    { main: 'sim/mutants/hunt.ts' },
    outdir,
    mutant === NONE ? [] : [planted(mutant.id, [mutant])],
  );
  const { code, output } = await run(process.execPath, [`${outdir}/main.js`, '1', `${seeds}`], {
    quiet: true,
    timeoutMs: START_MS + seeds * SEED_MS,
  });
  const found =
    code === 0
      ? JSON.parse(output)
      : {
          seed: null,
          virtualMs: 0,
          complaint: code === 124 ? 'no answer in time' : output.trim().split('\n').at(-1),
        };
  return { mutant, ...found, isRun: code === 0 };
}

function row({ mutant, seed, virtualMs, complaint }) {
  const cells = [
    mutant.id.padEnd(4),
    mutant.what.padEnd(84),
    (seed === null ? 'not found' : `seed ${seed}`).padEnd(10),
    `${(virtualMs / 1000).toFixed(1)} s`.padStart(9),
    ` ${complaint.slice(0, 120)}`,
  ];
  process.stdout.write(`${cells.join(' ')}\n`);
}

async function readTable() {
  await bundle({ table: 'sim/mutants/table.ts' }, 'dist/mutants');
  return import(pathToFileURL(path.join(root, 'dist/mutants/table.js')).href);
}

function wholeNumber(text) {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new PlainError(`--budget ${text} is not a number of seeds`);
}

/** The mutants asked for; all when none is named. */
function chosen(all, only) {
  if (only === undefined) return all;
  const ids = only.split(',');
  const unknown = ids.filter((id) => all.every((mutant) => mutant.id !== id));
  if (unknown.length > 0) throw new PlainError(`there is no mutant ${unknown.join(', ')}`);
  return all.filter(({ id }) => ids.includes(id));
}

await main(async () => {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, budget: { type: 'string' } },
  });
  await ensureInstalled();
  const { MUTANTS, BUDGET } = await readTable();
  const mutants = chosen(MUTANTS, values.only);
  const budgetOf = ({ budget = BUDGET }) =>
    values.budget === undefined ? budget : wholeNumber(values.budget);
  const most = Math.max(...mutants.map(budgetOf));

  const waiting = [NONE, ...mutants];
  const results = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await hunt(next, next === NONE ? most : budgetOf(next));
      row(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));

  const clean = results.some(
    ({ mutant, seed, isRun }) => mutant === NONE && seed === null && isRun,
  );
  const missed = results.filter(({ mutant, seed }) => mutant !== NONE && seed === null);
  if (!clean) throw new PlainError('the code as it stands breaks a rule in these seeds');
  if (missed.length > 0)
    throw new PlainError(`not found: ${missed.map(({ mutant }) => mutant.id).join(', ')}`);
  say(`${mutants.length} of ${mutants.length} found, and ${most} seeds clean without them`);
});
