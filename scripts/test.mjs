/**
 * `npm test`: every suite, one after another, in a fresh clone or an old one.
 * The last line is `N passed, N failed`; a suite that crashed, or could not be
 * run, counts as one failure. `npm test -- unit e2e` runs only those suites.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { ensureBrowser } from './browser.mjs';
import { ensureBuilt } from './build.mjs';
import { runChecks } from './checks.mjs';
import { main, PlainError, root, run, say, tool } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

const MINUTE_MS = 60_000;
/** What is said of a failed test once more at the end; all of it stands where it ran. */
const FAILURE_LINES = 30;

/** `built`: the suite runs what `npm start` would run. */
const SUITES = [
  {
    name: 'checks',
    built: true,
    about: 'format, types, lint, imports, dead code',
    run: runStaticChecks,
  },
  {
    name: 'unit',
    built: false,
    about: 'pure parts and documents',
    run: () => runVitest('unit', 8),
  },
  {
    name: 'storage',
    built: false,
    about: 'every version of the storage port',
    run: () => runVitest('storage', 8),
  },
  {
    name: 'integration',
    built: true,
    about: 'real threads, files, sockets',
    run: () => runVitest('integration', 12),
  },
  {
    name: 'simulation',
    built: false,
    about: 'whole clusters from seeds',
    run: () => runVitest('simulation', 12),
  },
  { name: 'e2e', built: true, about: 'the real page in a real browser', run: runPlaywright },
];

await main(async () => {
  const suites = chosen(process.argv.slice(2));
  const results = [];
  const installed = await attempt(ensureInstalled);
  const built =
    installed ?? (suites.some((suite) => suite.built) ? await attempt(ensureBuilt) : null);
  for (const suite of suites) {
    const obstacle = installed ?? (suite.built ? built : null);
    say(`${suite.name}: ${suite.about}`);
    const result = obstacle === null ? await guarded(suite) : crashed(obstacle);
    results.push({ name: suite.name, ...result });
  }
  report(results);
});

function chosen(names) {
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    const known = SUITES.map(({ name }) => name).join(', ');
    throw new PlainError(`there is no suite ${unknown.join(', ')}; the suites are ${known}.`);
  }
  return SUITES.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** The reason why a step failed, or null. */
async function attempt(step) {
  try {
    await step();
    return null;
  } catch (error) {
    if (!(error instanceof PlainError)) throw error;
    return error.message;
  }
}

async function guarded(suite) {
  try {
    return await suite.run();
  } catch (error) {
    return crashed(error instanceof PlainError ? error.message : (error?.stack ?? String(error)));
  }
}

function crashed(reason) {
  say(reason);
  return { passed: 0, failed: 1, skipped: 0, note: reason.split('\n')[0] };
}

// --- suites ------------------------------------------------------------------

async function runStaticChecks() {
  const results = await runChecks(({ name, passed, output, tookMs }) => {
    say(`  ${passed ? 'ok    ' : 'FAILED'} ${name} (${seconds(tookMs)})`);
    if (!passed) process.stdout.write(`${output.trimEnd()}\n`);
  });
  const passed = results.filter((result) => result.passed).length;
  return { passed, failed: results.length - passed, skipped: 0 };
}

async function runVitest(project, limitMinutes) {
  const file = `test-results/${project}.json`;
  rmSync(join(root, file), { force: true });
  const ended = await run(
    tool('vitest'),
    [
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ],
    { timeoutMs: limitMinutes * MINUTE_MS },
  );
  const result = readJson(file);
  if (result === null) return crashed(endedWithoutResult(project, ended));
  // A file that could not be loaded has no tests and still failed.
  const brokenFiles = result.testResults.filter(
    (one) =>
      one.status === 'failed' && !one.assertionResults.some(({ status }) => status === 'failed'),
  ).length;
  const counts = {
    passed: result.numPassedTests,
    failed: result.numFailedTests + brokenFiles,
    skipped: result.numPendingTests + result.numTodoTests,
    failures: result.testResults.flatMap(vitestFailures),
  };
  return settle(project, counts, ended);
}

async function runPlaywright() {
  const file = 'test-results/e2e.json';
  const browser = await ensureBrowser();
  say(`  browser: ${browser}`);
  rmSync(join(root, file), { force: true });
  const left = process.env.LONG === '1' ? [] : ['--grep-invert', '@long'];
  const ended = await run(tool('playwright'), ['test', ...left], {
    env: { CHROMIUM_PATH: browser, PLAYWRIGHT_JSON_OUTPUT_NAME: file },
    timeoutMs: 22 * MINUTE_MS,
  });
  const result = readJson(file);
  if (result === null) return crashed(endedWithoutResult('e2e', ended));
  const { expected, unexpected, flaky, skipped } = result.stats;
  // Passing at the second try is a failure that hides.
  const failures = result.suites.flatMap(playwrightFailures);
  const counts = { passed: expected, failed: unexpected + flaky, skipped, failures };
  return settle('e2e', counts, ended);
}

function vitestFailures({ status, message, assertionResults }) {
  const failed = assertionResults.filter((one) => one.status === 'failed');
  // A file that could not be loaded tells why itself.
  if (status === 'failed' && failed.length === 0) return [{ title: '(a whole file)', message }];
  return failed.map(({ fullName, failureMessages }) => ({
    title: fullName,
    message: failureMessages.join('\n'),
  }));
}

function playwrightFailures({ specs = [], suites = [] }) {
  const failed = specs.flatMap(({ title, tests }) =>
    tests
      .filter(({ status }) => status === 'unexpected' || status === 'flaky')
      .map(({ results }) => ({
        title,
        message: results.flatMap(({ errors }) => errors.map((one) => one.message)).join('\n'),
      })),
  );
  return [...failed, ...suites.flatMap(playwrightFailures)];
}

/** Nothing run, or an exit code that no counted test explains, is a failure too. */
function settle(name, counts, { code, timedOut }) {
  if (timedOut) return { ...counts, failed: counts.failed + 1, note: `${name} ran out of time` };
  if (counts.failed > 0) return counts;
  if (code !== 0) return { ...counts, failed: 1, note: `${name} ended with exit code ${code}` };
  if (counts.passed === 0) return { ...counts, failed: 1, note: `${name} has no tests` };
  return counts;
}

function endedWithoutResult(name, { code, timedOut }) {
  return timedOut
    ? `${name} ran out of time`
    : `${name} ended with exit code ${code} and no result`;
}

function readJson(file) {
  const path = join(root, file);
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

// --- the end -------------------------------------------------------------------

function report(results) {
  process.stdout.write('\n');
  // Said again here: whoever reads only the end of a long output must find it.
  for (const { name, failures = [] } of results) {
    for (const { title, message } of failures) {
      say(`${name} FAILED: ${title}`);
      process.stdout.write(`${firstLines(message)}\n\n`);
    }
  }
  for (const { name, note, ...counts } of results) {
    say(`${name.padEnd(12)} ${phrase(counts)}${note === undefined ? '' : ` (${note})`}`);
  }
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of results) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  process.exitCode = total.failed > 0 ? 1 : 0;
  process.stdout.write(`${phrase(total)}\n`);
}

function firstLines(text) {
  return stripVTControlCharacters(text).trim().split('\n').slice(0, FAILURE_LINES).join('\n');
}

function phrase({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
