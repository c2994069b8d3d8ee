/**
 * Holds the import rules of .dependency-cruiser.cjs. Two things the tool cannot
 * do are done here: a layer that may import only types is judged by the text of
 * its imports, and a run that read too little of the tree is a failure, because
 * with a compiler that it cannot use the tool reads nothing and finds no fault.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { main, PlainError, root, run, tool } from './run.mjs';

const FOLDERS = [
  'app',
  'components',
  'client',
  'contracts',
  'server',
  'sim',
  'cli',
  'bench',
  'tests',
];
/** Below what there is, far above what a broken set-up reads. */
const FEWEST_MODULES = 80;
const FEWEST_IMPORTS = 250;

await main(async () => {
  const folders = FOLDERS.filter((folder) => existsSync(join(root, folder)));
  const report = await cruise(folders);
  const modules = report.modules.filter(({ source }) => folders.includes(source.split('/')[0]));
  const imports = modules.reduce((sum, { dependencies }) => sum + dependencies.length, 0);
  process.stdout.write(`${modules.length} modules and ${imports} imports read\n`);
  if (modules.length < FEWEST_MODULES || imports < FEWEST_IMPORTS) {
    throw new PlainError('that is too few: the tool did not read the tree.');
  }
  const faults = report.summary.violations.filter((violation) => !isTypeImport(violation, modules));
  for (const { rule, from, to } of faults) process.stdout.write(`${rule.name}: ${from} → ${to}\n`);
  if (faults.length > 0)
    throw new PlainError(`${faults.length} forbidden imports; see docs/ARCHITECTURE.md.`);
});

async function cruise(folders) {
  const { code, output } = await run(
    tool('depcruise'),
    ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders],
    { quiet: true },
  );
  const start = output.indexOf('{\n');
  try {
    return JSON.parse(output.slice(start));
  } catch {
    throw new PlainError(`dependency-cruiser ended with ${code} and no report:\n${output}`);
  }
}

/** True for a breach of a types-only rule whose every import of that module is `import type`. */
function isTypeImport({ rule, from, to }, modules) {
  if (!rule.name.endsWith('-types-only')) return false;
  const dependency = modules
    .find(({ source }) => source === from)
    ?.dependencies.find(({ resolved }) => resolved === to);
  if (dependency === undefined) return false;
  const text = readFileSync(join(root, from), 'utf8');
  const statements = text.match(/^(?:import|export)\b[^;]*;/gm) ?? [];
  const specifiers = [`'${dependency.module}'`, `'node:${dependency.module}'`];
  const named = statements.filter((one) => specifiers.some((specifier) => one.includes(specifier)));
  return named.length > 0 && named.every((one) => /^(?:import|export) type\b/.test(one));
}
