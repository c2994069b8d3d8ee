/** What must always hold, as the page shows it: counted, with evidence, and loud when it is broken. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright/test';
import { Dashboard, expect, test } from './fixtures.ts';
import { plantedRoot } from './planted-root.ts';
import { ServerUnderTest } from './server.ts';
import { expectWidth, violations } from './pages.ts';

const IDS = [
  'election-safety',
  'log-matching',
  'leader-completeness',
  'state-machine-safety',
  'never-back',
  'timestamps',
];

test('[U70] every invariant is counted all the time, and a key shows the evidence', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  await dashboard.write('a', 'x', '1');
  for (const id of IDS) {
    const item = page.getByTestId(`invariant-${id}`);
    await expect(item).toHaveAttribute('data-status', 'pass');
    expect(await dashboard.number(item, 'data-checks')).toBeGreaterThan(0);
  }
  const logs = page.getByTestId('invariant-log-matching');
  const before = await dashboard.number(logs, 'data-checks');
  await expect.poll(() => dashboard.number(logs, 'data-checks')).toBeGreaterThan(before);

  const strip = page.getByTestId('invariants');
  expect((await strip.boundingBox())?.height).toBeLessThanOrEqual(28);
  await strip.press('Enter');
  const sheet = page.getByRole('dialog', { name: 'What must always hold' });
  await expect(sheet.getByTestId('evidence-log-matching')).toContainText(
    /n1, n2 and n3 have hash [0-9a-f]{4}… up to index \d+, term \d+/,
  );
  for (const id of IDS) await expect(sheet.getByTestId(`evidence-${id}`)).toContainText('holds');
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  await expect(strip).toBeFocused();
});

test('[U74] a loss that leaves none to spare is one alert, with the figures and what to do', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  const alerts = page.getByTestId('alerts');
  await dashboard.press('Kill n3');
  await expect(dashboard.card('n3')).toHaveAttribute('data-up', 'false');
  await expect(alerts).not.toHaveAttribute('data-count', '0');
  await alerts.click();
  const alert = page.getByTestId('alert-no-spare');
  await expect(alert).toHaveAttribute('data-status', 'firing');
  await expect(alert).toContainText('2 of 3 nodes with a vote are up');
  await expect(alert).toContainText('Bring back what is down');
  await expect(page.getByTestId('alert-store-growth')).toHaveAttribute('data-status', 'quiet');
  await page.keyboard.press('Escape');
  await dashboard.press('Revive n3');
  await expect(dashboard.card('n3')).toHaveAttribute('data-up', 'true');
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
  await alerts.click();
  await expect(alert).toHaveAttribute('data-status', 'quiet');
});

test('[U72] the strip and both sheets break no accessibility rule, in both themes, and fit a phone', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.getByTestId('invariants').click();
    expect(await breaches(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByTestId('alerts').click();
    expect(await breaches(page)).toEqual([]);
    await page.keyboard.press('Escape');
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.getByTestId('invariants')).toContainText(/6 invariants hold, [\d,]+ checks/);
  await page.getByTestId('invariants').click();
  await expectWidth(page, 390);
});

test('[U71] where a node applies a value wrongly, the page says so before all else', async ({
  page,
}) => {
  const root = await plantedRoot([
    {
      file: 'server/node/node-host.ts',
      find: 'const result = this.kv.apply(entry);',
      replace:
        "const result = this.kv.apply(this.options.id === 'n2' && entry.data.includes('7777') ? { ...entry, data: entry.data.replace('7777', '7778') } : entry);",
    },
  ]);
  const server = await ServerUnderTest.create(path.join(root, 'dist/main.js'));
  try {
    const dashboard = new Dashboard(page);
    await dashboard.open(server.url);
    await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
    await server.api.set('a', 'x', '7777');
    await expect(dashboard.verdict).toHaveAttribute('data-state', 'violated');
    await expect(dashboard.verdict).toHaveRole('alert');
    await expect(dashboard.verdict).toContainText(/^Safety violated: .*n2.* differ/);
    await expect(page).toHaveTitle(/^Safety violated: /);
    const item = page.getByTestId('invariant-state-machine-safety');
    await expect(item).toHaveAttribute('data-status', 'fail');
    await expect(page.getByTestId('invariant-log-matching')).toHaveAttribute('data-status', 'pass');
    await expect(page.getByTestId('event-feed')).toContainText('Safety violated: ');
    await page.getByTestId('invariants').click();
    await expect(page.getByTestId('evidence-state-machine-safety')).toContainText(
      /state hash [0-9a-f]{16} at revision \d+/,
    );
    expect(await breaches(page)).toEqual([]);
    await page.keyboard.press('Escape');
    // Each page has a title, which comes when its turn comes.
    await page.getByRole('link', { name: 'Log', exact: true }).click();
    await expect(page).toHaveURL(/\/log$/);
    await expect(page.getByTestId('cluster-verdict')).toHaveAttribute('data-state', 'violated');
    await expect(page).toHaveTitle(/^Safety violated: /);
    await page.evaluate(() => (document.title = 'Chronoraft'));
    await expect(page).toHaveTitle(/^Safety violated: /);
  } finally {
    await server.destroy();
    await rm(root, { recursive: true, force: true });
  }
});

/** Of the line, of the sheets that it opens, and of the verdict; the whole page is for its own tests. */
async function breaches(page: Page): Promise<readonly string[]> {
  const sheet = 'section[aria-label="Invariants and alerts"]';
  return violations(page, sheet, '[data-testid="cluster-verdict"]');
}
