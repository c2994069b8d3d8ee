/** A chaos run from the page to its verdict, in both themes and on a phone. */
import { readFile } from 'node:fs/promises';
import { expect, test } from './fixtures.ts';
import { expectWidth, violations } from './pages.ts';

test('[U90] a run is chosen, forecast, started, watched and judged; its history is had as a file', async ({
  page,
  dashboard,
  server,
}) => {
  await dashboard.leader();
  await page.goto(`${server.url}/chaos?motion=off`);
  await expect(dashboard.app).toHaveAttribute('data-conn', 'live');
  const form = page.getByTestId('chaos-form');
  await expect(page.getByText('No run yet')).toBeVisible();
  await form.getByLabel('Seconds').fill('4');
  await expect(page.getByTestId('chaos-forecast')).toContainText('a whole number from 5 to 600');
  await form.getByRole('button', { name: 'Bad network' }).click();
  await form.getByLabel('Seconds').fill('10');
  await form.getByLabel('Seed', { exact: true }).fill('11');
  await expect(page.getByTestId('chaos-forecast')).toContainText(
    /For 10 s 8 clients .* faults? strikes?\. A quorum stays/,
  );
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(page)).toEqual([]);
  }

  await form.getByRole('button', { name: 'Start' }).click();
  await page.waitForURL(/\/chaos\/.+/);
  const run = page.locator('[data-testid^="chaos-run-"]');
  await expect(run).toHaveAttribute('data-verdict', 'running');
  await expect(run.getByRole('button', { name: 'Stop' })).toBeVisible();
  await expect(run).toHaveAttribute('data-verdict', 'linearizable');
  await expect(run.getByRole('heading', { level: 2 }).first()).toContainText(
    /^Linearizable: [\d,]+ operations on 12 keys, none lost, while \d+ faults? struck; longest pause/,
  );
  for (const check of ['order', 'writes', 'increments', 'states', 'invariants'])
    await expect(page.getByTestId(`chaos-check-${check}`)).toHaveAttribute('data-status', 'pass');
  await expect(page.locator('[data-testid^=chaos-invariant-][data-status=held]')).toHaveCount(6);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(page)).toEqual([]);
  }

  const downloading = page.waitForEvent('download');
  await run.getByRole('link', { name: 'History' }).click();
  const lines = (await readFile(await (await downloading).path(), 'utf8')).trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(20);
  expect(JSON.parse(lines[0] ?? '')).toHaveProperty('callMs');

  await page.setViewportSize({ width: 390, height: 844 });
  await expectWidth(page, 390);
  await page.getByRole('link', { name: 'All runs' }).click();
  await expect(page.locator('a[data-testid^="chaos-run-"]')).toHaveAttribute(
    'data-verdict',
    'linearizable',
  );
  await expectWidth(page, 390);
});
