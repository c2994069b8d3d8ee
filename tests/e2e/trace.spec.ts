/** The message trace of a slowed cluster, as a person opens, reads and saves it. */
import { readFile } from 'node:fs/promises';
import { expect, testOnNewServer as test } from './fixtures.ts';
import { expectWidth, violations } from './pages.ts';

test.afterEach(async ({ server }) => {
  await server.api.request('PUT', '/api/v1/pace', { pace: 1 });
});

test('[U130] messages are arrows from line to line, and rows of a table, until they are saved', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Action, key or log index' }).fill('message trace');
  await page.keyboard.press('Enter');
  const sheet = page.getByRole('dialog', { name: 'Message trace' });
  await expect(sheet).toBeVisible();
  await expect(sheet.getByTestId('trace-empty')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();

  const leader = await dashboard.leader();
  await server.api.request('PUT', '/api/v1/pace', { pace: 0.25 });
  await dashboard.write('city', 'name', 'Oslo');
  await page.getByRole('button', { name: 'Message trace' }).click();
  const diagram = sheet.getByTestId('trace-diagram');
  await expect(
    diagram.locator('[data-message=AppendEntries][data-end=arrived]').first(),
  ).toBeAttached();
  await expect(diagram.locator('[data-mark=commit]').first()).toBeAttached();
  await expect(diagram.locator('[data-message=Heartbeat]')).toHaveCount(0);
  await sheet.getByRole('button', { name: 'Hold still' }).click();
  expect(await violations(page, 'dialog[open]')).toEqual([]);
  await sheet.getByRole('button', { name: 'As a table' }).click();
  const table = sheet.getByTestId('trace-table');
  await expect(table).toContainText(`sends AppendEntries ${leader}-`);
  await expect(table).not.toContainText('Heartbeat');
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  expect(await violations(page, 'dialog[open]')).toEqual([]);
  await sheet.getByRole('button', { name: 'Show heartbeats' }).click();
  await expect(table).toContainText('sends Heartbeat ');
  await page.setViewportSize({ width: 390, height: 844 });
  await expectWidth(page, 390);

  const saving = page.waitForEvent('download');
  await sheet.getByRole('button', { name: 'Save for ShiViz' }).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toMatch(/^chronoraft-trace-\d+\.log$/);
  const log = await readFile(await saved.path(), 'utf8');
  const [parser = ''] = log.split('\n');
  expect([...log.matchAll(new RegExp(parser, 'g'))].length).toBeGreaterThan(10);
});

test('[U134] while the page looks back, the message trace says that it does not', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  const note = page.getByTestId('trace-not-then');
  const open = page.getByRole('button', { name: 'Message trace' });
  const sheet = page.getByRole('dialog', { name: 'Message trace' });
  await page.getByRole('button', { name: 'Pause view' }).click();
  await open.click();
  await expect(note).toContainText('go back to live and slow the cluster');
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  await page.getByRole('button', { name: 'Back to live' }).click();
  await open.click();
  await expect(sheet).toBeVisible();
  await expect(note).toHaveCount(0);
});
