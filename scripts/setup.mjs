/**
 * Makes a fresh clone able to run: the right Node, the packages of the lock
 * file, a database driver that loads, the generated database client. Each step
 * is skipped when its result is already there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { hashOf, isFresh, writeStamp } from './freshness.mjs';
import { generate, NO_ENGINE } from './generate.mjs';
import { isMain, main, onPath, PlainError, root, run, say } from './run.mjs';

const OLDEST_NODE = [20, 19];

/** Everything that must be true before building, testing or starting. */
export async function ensureInstalled() {
  checkNode();
  await ensurePackages();
  await ensureDatabaseDriver();
  await ensureGenerated();
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new PlainError(
    `Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.versions.node}. See https://nodejs.org/`,
  );
}

async function ensurePackages() {
  if (packagesMatchLock()) return;
  say('installing the packages of package-lock.json (once, about a minute)');
  const { code } = await npm(['ci', '--include=dev', '--no-audit', '--no-fund']);
  if (code !== 0)
    throw new PlainError(`npm ci failed with exit code ${code}; its message is above.`);
  if (!packagesMatchLock()) {
    throw new PlainError('npm ci ended well, but node_modules does not match package-lock.json.');
  }
}

/** npm keeps its own record of what it installed; the lock file says what it should have. */
function packagesMatchLock() {
  const wanted = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  if (wanted === null) throw new PlainError('package-lock.json is missing; is this a whole clone?');
  if (installed === null) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    // Optional ones are for other platforms.
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version;
  });
}

function readPackages(file) {
  const path = join(root, file);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')).packages ?? null) : null;
}

/** Packages can be there and yet not run: built for another Node, or their build was not allowed. */
async function ensureDatabaseDriver() {
  if (driverProblem() === null) return;
  say(`building the SQLite driver for Node ${process.versions.node} (once)`);
  await npm(['rebuild', 'better-sqlite3']);
  // A library that failed to load is not tried again in this process.
  const probe = await run(process.execPath, ['scripts/setup.mjs', '--probe-driver'], {
    quiet: true,
  });
  if (probe.code === 0) return;
  const missing = [
    ['python3', ['python3', 'python']],
    ['make', ['make', 'gmake']],
    ['a C++ compiler', ['g++', 'c++', 'clang++']],
  ].flatMap(([what, names]) => (onPath(names) === null ? [what] : []));
  const advice =
    missing.length > 0
      ? `Missing here: ${missing.join(', ')}. On Debian: apt-get install python3 make g++. Then: npm rebuild better-sqlite3`
      : 'Run npm rebuild better-sqlite3 to see why.';
  throw new PlainError(`better-sqlite3 does not load on this machine. ${advice}`);
}

function driverProblem() {
  try {
    const Database = createRequire(join(root, 'package.json'))('better-sqlite3');
    new Database(':memory:').close();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function ensureGenerated() {
  const hash = hashOf(['prisma', 'prisma.config.ts', 'package-lock.json', 'scripts/generate.mjs']);
  const stamp = 'prisma/generated/.inputs';
  if (isFresh(stamp, hash, 'prisma/generated')) return;
  say('generating the database client');
  await generate();
  writeStamp(stamp, hash);
}

function npm(args) {
  const env = { ...nodeHeaders(), ...NO_ENGINE };
  const cli = process.env.npm_execpath;
  // Under `npm start` this names the very npm that was called.
  if (cli !== undefined && /npm-cli\.[cm]?js$/.test(cli)) {
    return run(process.execPath, [cli, ...args], { env });
  }
  return run('npm', args, { env });
}

/** Compiling the driver needs Node's headers: take the ones beside this Node rather than fetch them. */
function nodeHeaders() {
  const prefix = dirname(dirname(process.execPath));
  const header = join(prefix, 'include', 'node', 'node_version.h');
  if (process.env.npm_config_nodedir !== undefined || !existsSync(header)) return {};
  const major = /#define NODE_MAJOR_VERSION (\d+)/.exec(readFileSync(header, 'utf8'))?.[1];
  return major === process.versions.node.split('.')[0] ? { npm_config_nodedir: prefix } : {};
}

if (isMain(import.meta.url)) {
  await main(async () => {
    if (process.argv.includes('--probe-driver')) {
      const problem = driverProblem();
      if (problem !== null) throw new PlainError(problem.message);
      return;
    }
    await ensureInstalled();
  });
}
