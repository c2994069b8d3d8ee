/** How much of the past is kept, on the Keys page, on a server of this test's own: it forgets. */
import { expect, test as base } from 'playwright/test';
import type { Page } from 'playwright/test';
import { ServerUnderTest } from './server.ts';
import { THEMES, expectWidth, violations } from './pages.ts';

const test = base.extend<{ server: ServerUnderTest }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture names from this pattern
  server: async ({}, use) => {
    const server = await ServerUnderTest.create();
    await use(server);
    await server.destroy();
  },
});

async function open(page: Page, url: string, query: string): Promise<void> {
  await page.goto(`${url}/keys?motion=off&${query}`);
  await expect(page.getByTestId('app')).toHaveAttribute('data-conn', 'live');
}

test('[U55] the policy is read, warned of, set, and carried out', async ({ page, server }) => {
  const key = 'u55';
  const first = await server.api.set(key, 'name', 'then');
  const second = await server.api.set(key, 'name', 'now');
  await open(page, server.url, `key=${encodeURIComponent(key)}`);
  await page.getByRole('button', { name: 'Retention' }).click();
  const dialog = page.getByRole('dialog', { name: 'How much of the past is kept' });
  const age = dialog.getByLabel('Forget what is older than');
  await expect(age).toHaveValue('');
  await age.fill('7 days');
  await expect(dialog.getByRole('alert')).toContainText('7d');
  await age.fill('10ms');
  await expect(dialog).toContainText('cannot be brought back');
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await expectWidth(page, 390);
  await dialog.getByRole('button', { name: 'Set, and forget' }).click();
  await expect(dialog).toContainText('Old versions go within about a minute');
  await page.setViewportSize({ width: 1440, height: 900 });

  // Carried out: asked until the answer is that it is.
  const past = `/api/v1/kv/${encodeURIComponent(key)}/name?asOf=${first.revision}`;
  await expect.poll(async () => (await server.api.request('GET', past)).status).toBe(410);
  expect((await server.api.get(key, 'name')).version?.revision).toBe(second.revision);
  await open(page, server.url, `key=${encodeURIComponent(key)}&time=rev ${first.revision}`);
  await expect(page.getByText('This past is forgotten').first()).toBeVisible();
});
