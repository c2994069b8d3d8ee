/**
 * The resilience suite: the real server, the real page, a real browser. The
 * browser is whichever Chromium is found (see scripts/browser.mjs); nothing is
 * downloaded.
 */
import { defineConfig } from 'playwright/test';

const isCi = process.env['CI'] !== undefined;
const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results/e2e',
  // One browser and one cluster at a time: the machine has two cores and four busy threads already.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: isCi,
  // A minute for whatever is waited for, as in all tests here: nobody waits for what comes at once.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  reporter: [['list'], ['json', { outputFile: 'test-results/e2e.json' }]],
  use: {
    viewport: { width: 1440, height: 900 },
    contextOptions: { reducedMotion: 'reduce' },
    colorScheme: 'dark',
    // What a trace costs is a sixth of the whole; a failure that tells too little can be had again with one.
    trace: isCi ? 'off' : 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
