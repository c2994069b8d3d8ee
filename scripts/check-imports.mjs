/**
 * Holds the table of import-rules.mjs. Every source file is parsed, and each of
 * its imports judged by its layer; types and code are told apart. A run that
 * reads too little of the tree is a failure too, since a check that sees nothing
 * finds no fault; and so is a rule about a place that is not there. (Circles are
 * oxlint's to find, dead exports knip's.)
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { LAYERS } from './import-rules.mjs';
import { isMain, main, PlainError, root } from './run.mjs';

const FOLDERS = [
  'app',
  'bench',
  'checks',
  'cli',
  'client',
  'components',
  'contracts',
  'embed',
  'harness',
  'server',
  'sim',
  'tests',
  'torture',
];
/** Below what there is, far above what a broken set-up reads. */
const FEWEST_FILES = 100;
const FEWEST_IMPORTS = 400;

/** What is wrong with these imports of `file`, in words. */
export function faultsOf(file, text) {
  const layer = LAYERS.find(({ of }) => of.some((place) => isIn(file, place)));
  if (layer === undefined) return [`${file} belongs to no layer of scripts/import-rules.mjs`];
  return importsOf(file, text).flatMap(({ target, isType }) => {
    const why = target.startsWith('.')
      ? judgeOurs(layer, join(dirname(file), target), isType)
      : judgePackage(layer, target, isType);
    return why === null ? [] : [`${file} → ${target}: ${why}`];
  });
}

function judgeOurs({ may, types = [] }, path, isType) {
  if (!existsSync(join(root, path))) return 'there is no such file';
  if (may.some((place) => isIn(path, place))) return null;
  if (!types.some((place) => isIn(path, place))) return 'this layer may not import it';
  return isType ? null : 'this layer may import its types only';
}

function judgePackage({ packages = [], packageTypes = [] }, name, isType) {
  if (packages === 'any' || packages.includes(name)) return null;
  if (isType && packageTypes.includes(name)) return null;
  return 'this layer may not import packages or modules of Node';
}

function isIn(path, place) {
  return place.endsWith('/') ? path.startsWith(place) : path === place;
}

/** Places of the table that lead nowhere. */
function deadPlaces() {
  const places = LAYERS.flatMap(({ of, may, types = [] }) => [...of, ...may, ...types]);
  return [...new Set(places)].filter((place) => !existsSync(join(root, place)));
}

/** Every module that the text names: imports, exports from, `import()` of code and of types. */
export function importsOf(file, text) {
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new PlainError(`${file} cannot be parsed: ${errors[0].message}`);
  const imports = module.staticImports.map(({ moduleRequest, entries }) => ({
    target: moduleRequest.value,
    isType: entries.length > 0 && entries.every(({ isType }) => isType),
  }));
  const exports = module.staticExports.flatMap(({ entries }) =>
    entries
      .filter(({ moduleRequest }) => moduleRequest !== null && moduleRequest !== undefined)
      .map(({ moduleRequest, isType }) => ({ target: moduleRequest.value, isType })),
  );
  const dynamicAt = new Set(module.dynamicImports.map(({ start }) => start));
  const called = [...text.matchAll(/\bimport\(\s*'([^']+)'/g)].map((match) => ({
    target: match[1],
    isType: !dynamicAt.has(match.index),
  }));
  return [...imports, ...exports, ...called];
}

function sourcesIn(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (statSync(join(root, path)).isDirectory()) return sourcesIn(path);
    return /\.tsx?$/.test(name) && !name.endsWith('.d.ts') ? [path] : [];
  });
}

if (isMain(import.meta.url)) {
  await main(() => {
    const sources = FOLDERS.flatMap(sourcesIn).map((file) => ({
      file,
      text: readFileSync(join(root, file), 'utf8'),
    }));
    const imports = sources.reduce((sum, { file, text }) => sum + importsOf(file, text).length, 0);
    process.stdout.write(`${sources.length} files and ${imports} imports read\n`);
    if (sources.length < FEWEST_FILES || imports < FEWEST_IMPORTS) {
      throw new PlainError('that is too few: the tree was not read.');
    }
    const dead = deadPlaces();
    if (dead.length > 0)
      throw new PlainError(`scripts/import-rules.mjs names what is not there: ${dead.join(', ')}`);
    const faults = sources.flatMap(({ file, text }) => faultsOf(file, text));
    for (const fault of faults) process.stdout.write(`${fault}\n`);
    if (faults.length > 0) {
      throw new PlainError(`${faults.length} forbidden imports; docs/ARCHITECTURE.md says why.`);
    }
  });
}
