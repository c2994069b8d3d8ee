/** Backups taken and restored on the Keys page. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright/test';
import { expect, test } from './fixtures.ts';
import { LONG_IN_LIGHT, expectWidth, violations } from './pages.ts';

async function open(page: Page, url: string, prefix: string): Promise<void> {
  await page.goto(`${url}/keys?motion=off&prefix=${encodeURIComponent(prefix)}`);
  await expect(page.getByTestId('app')).toHaveAttribute('data-conn', 'live');
}

/** The text of the file that the page gives. */
async function download(page: Page): Promise<{ readonly name: string; readonly text: string }> {
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Backup' }).click();
  const file = await downloading;
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

function chosen(text: string): { name: string; mimeType: string; buffer: Buffer } {
  return { name: 'a.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from(text) };
}

test('[U54] a backup is downloaded, and restored when what it would replace was told', async ({
  page,
  server,
}) => {
  const { api } = server;
  await api.set('u54:a', 'name', 'then');
  await api.set('u54:b', 'gone', 'then');
  await open(page, server.url, 'u54:');
  const { name, text } = await download(page);
  expect(name).toMatch(/^chronoraft-.*\.ndjson$/);
  await api.set('u54:a', 'name', 'now');
  await api.request('DELETE', '/api/v1/kv/u54%3Ab');
  await api.set('u54:new', 'name', 'now');
  const other = await api.set('other', 'name', 'now');

  await page.getByTestId('backup-file').setInputFiles(chosen(text));
  const dialog = page.getByRole('dialog', { name: 'Restore from file' });
  const result = page.getByTestId('file-restore');
  await expect(result).toHaveAttribute('data-step', 'asking');
  await expect(dialog).toContainText('of this cluster');
  await expect(dialog).toContainText('the keys that begin with “u54:”, with their history');
  // Asking has written nothing.
  expect((await api.get('u54:a', 'name')).value).toBe('now');
  await dialog.getByRole('button', { name: 'Replace the present' }).click();
  await expect(result).toHaveAttribute('data-step', 'done');
  await expect(result).toHaveAttribute('data-written', '3');
  await expect(result).toContainText('Committed');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(page.getByTestId('key-list')).toHaveAttribute('data-count', '2');
  expect((await api.get('u54:a', 'name')).value).toBe('then');
  expect((await api.get('u54:b', 'gone')).value).toBe('then');
  expect((await api.get('u54:new', 'name')).found).toBe(false);
  expect((await api.get('other', 'name')).version?.revision).toBe(other.revision);
});

test('[U54] a file that is damaged, no backup, or not for here is refused in words', async ({
  page,
  server,
}) => {
  const { api } = server;
  await api.set('u54d', 'name', 'as it was');
  await open(page, server.url, 'u54d');
  const { text } = await download(page);
  await api.set('u54d', 'name', 'as it is');
  const dialog = page.getByRole('dialog', { name: 'Restore from file' });
  const result = page.getByTestId('file-restore');
  const choose = (content: string) =>
    page.getByTestId('backup-file').setInputFiles(chosen(content));

  await choose('hello');
  await expect(result).toHaveAttribute('data-step', 'no-backup');
  await page.keyboard.press('Escape');
  await choose(text.replace('as it was', 'as it wus'));
  await dialog.getByRole('button', { name: 'Replace the present' }).click();
  await expect(result).toHaveAttribute('data-step', 'failed');
  await expect(result).toContainText('line 3: chunk 1');
  await expect(result).toContainText('BAD_BACKUP');
  await page.keyboard.press('Escape');
  await choose(text);
  // By keyboard: the second way, and then the button.
  await dialog.getByRole('radio', { name: 'Replace the present' }).focus();
  await page.keyboard.press('ArrowDown');
  await expect(result).toHaveAttribute('data-mode', 'history');
  await dialog.getByRole('button', { name: 'Add the history' }).focus();
  await page.keyboard.press('Enter');
  await expect(result).toContainText('NOT_EMPTY');
  await expect(result).toContainText('Not finished');
  expect((await api.get('u54d', 'name')).value).toBe('as it is');
});

test('[U54] a restore goes on while nobody looks, and shows how far it is', async ({
  page,
  server,
}) => {
  const { api } = server;
  await api.set('u54p', 'name', 'then');
  await open(page, server.url, 'u54p');
  const { text } = await download(page);
  const dialog = page.getByRole('dialog', { name: 'Restore from file' });
  // The answer waits for the test; the server has it long since.
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const running = { mode: 'present', receivedBytes: 9, versions: 4000, passed: 1000, written: 7 };
  await page.route('**/api/v1/backup/restore?mode=present', async (route) => {
    const response = await route.fetch();
    await released;
    await route.fulfill({ response });
  });
  await page.route('**/api/v1/backup/restore', (route) =>
    route.fulfill({ json: { running: { ...running, phase: 'writing' }, last: null } }),
  );
  await page.getByTestId('backup-file').setInputFiles(chosen(text));
  await dialog.getByRole('button', { name: 'Replace the present' }).click();
  await expect(dialog.getByRole('progressbar')).toHaveAttribute('value', '0.25');
  await expect(dialog).toContainText('Restoring: 1,000 of 4,000 versions');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await page.getByRole('button', { name: 'Restoring…' }).click();
  await expect(dialog).toBeVisible();
  release();
  await expect(page.getByTestId('file-restore')).toHaveAttribute('data-step', 'done');
  await expect(dialog).toContainText('Nothing had to be changed');
});

for (const colorScheme of ['dark', 'light'] as const) {
  test(`[U54] the ${colorScheme} question of a restore breaks no accessibility rule, and fits a phone`, {
    tag: LONG_IN_LIGHT[colorScheme],
  }, async ({ page, server }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await server.api.set('u54x', 'name', 'then');
    await open(page, server.url, 'u54x');
    const { text } = await download(page);
    expect(await violations(page)).toEqual([]);
    await page.getByTestId('backup-file').setInputFiles(chosen(text));
    await expect(page.getByTestId('file-restore')).toHaveAttribute('data-step', 'asking');
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await expectWidth(page, 390);
    await page.getByRole('button', { name: 'Replace the present' }).click();
    await expect(page.getByTestId('file-restore')).toHaveAttribute('data-step', 'done');
    expect(await violations(page)).toEqual([]);
  });
}
