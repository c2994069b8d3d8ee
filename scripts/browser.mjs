/**
 * A browser for the page's tests: the one named by CHROMIUM_PATH, one that is
 * installed, one that Playwright brought; else Debian's, when we may install it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isMain, main, onPath, PlainError, root, run, say } from './run.mjs';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'microsoft-edge-stable',
  'msedge',
];

const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** Path of a browser; installs one where that is possible, else throws a line that says what to do. */
export async function ensureBrowser() {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return named;
    throw new PlainError(`CHROMIUM_PATH names ${named}, and there is no such file.`);
  }
  const found = findBrowser();
  if (found !== null) return found;
  if (await installDebianChromium()) {
    const installed = findBrowser();
    if (installed !== null) return installed;
  }
  throw new PlainError(
    'No Chromium, Chrome or Edge was found. Install one (Debian: apt-get install chromium; elsewhere: ' +
      'npx playwright install chromium), or name it in CHROMIUM_PATH.',
  );
}

export function findBrowser() {
  return onPath(NAMES) ?? PLACES.find((place) => existsSync(place)) ?? playwrightBrowser();
}

function playwrightBrowser() {
  try {
    const { chromium } = createRequire(join(root, 'package.json'))('playwright-core');
    const path = chromium.executablePath();
    return existsSync(path) ? path : null;
  } catch {
    // Playwright is not installed, or knows no browser for this system.
    return null;
  }
}

/** Ubuntu's package of that name is only a pointer to a snap, so this is for Debian itself. */
async function installDebianChromium() {
  const isDebian =
    existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  if (!isDebian || process.getuid?.() !== 0 || onPath(['apt-get']) === null) return false;
  say('installing Debian’s chromium for the page’s tests (once, a minute or two)');
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const update = await run('apt-get', ['update', '-q'], { quiet: true, env });
  const install = await run('apt-get', ['install', '-qy', '--no-install-recommends', 'chromium'], {
    quiet: true,
    env,
  });
  if (install.code === 0) return true;
  say(`apt-get could not install chromium:\n${update.output}${install.output}`);
  return false;
}

if (isMain(import.meta.url)) {
  await main(async () => say(`browser: ${await ensureBrowser()}`));
}
