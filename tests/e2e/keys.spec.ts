/** The Keys page: live now, honest about the past, and able to bring it back. */
import type { Locator, Page } from 'playwright/test';
import { expect, test as base } from './fixtures.ts';
import { LONG_IN_LIGHT, expectWidth, violations } from './pages.ts';

/** The Keys page, in the words of the person who looks at it. */
class KeysPage {
  readonly page: Page;
  readonly status: Locator;
  readonly keys: Locator;
  private readonly url: string;

  constructor(page: Page, url: string) {
    this.page = page;
    this.url = url;
    this.status = page.getByTestId('time-status');
    this.keys = page.getByRole('list', { name: 'Keys' });
  }

  async open(query: Readonly<Record<string, string>> = {}): Promise<void> {
    const search = new URLSearchParams({ motion: 'off', ...query });
    await this.page.goto(`${this.url}/keys?${search.toString()}`);
    await expect(this.page.getByTestId('app')).toHaveAttribute('data-conn', 'live');
  }

  key(name: string): Locator {
    return this.keys.getByRole('link', { name });
  }

  field(name: string): Locator {
    return this.page.getByTestId(`record-field-${name}`);
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click();
  }
}

const test = base.extend<{ keysPage: KeysPage }>({
  keysPage: async ({ page, server }, use) => {
    await use(new KeysPage(page, server.url));
  },
});

test('[U49] what is written elsewhere shows by itself; the pages lead to each other', async ({
  keysPage,
  server,
}) => {
  const { page } = keysPage;
  const { api } = server;
  await page.goto(`${server.url}/?motion=off`);
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Keys' }).click();
  await expect(page.getByTestId('keys-page')).toHaveAttribute('data-past', 'false');

  await api.set('live:one', 'name', 'first');
  await keysPage.key('live:one').click();
  await expect(keysPage.field('name')).toHaveAttribute('data-value', '"first"');
  await expect(page).toHaveURL(/key=live%3Aone/);

  await api.set('live:one', 'name', 'second');
  await expect(keysPage.field('name')).toHaveAttribute('data-value', '"second"');
  await api.request('POST', '/api/v1/kv/live%3Aone/tags/append', { items: ['a', 'b'] });
  await expect(keysPage.field('tags')).toHaveAttribute('data-value', '["a","b"]');
  await api.request('POST', '/api/v1/txn', {
    success: [{ op: 'deleteRecord', key: 'live:one' }],
  });
  await expect(page.getByTestId('record')).toHaveAttribute('data-fields', '0');
  await expect(keysPage.key('live:one')).toHaveCount(0);

  await page.getByRole('link', { name: 'Live' }).click();
  await expect(page.getByTestId('log-matrix')).toBeVisible();
});

test('[U50] the slider and a typed time move the whole page into the past, which says so, and a link reopens it', async ({
  keysPage,
  server,
}) => {
  const { page, status } = keysPage;
  const { api } = server;
  await api.set('past:a', 'name', 'one', { timestamp: 1000 });
  await api.set('past:a', 'name', 'two', { timestamp: 2000 });
  await api.set('past:b', 'name', 'later', { timestamp: 2500 });
  await keysPage.open({ prefix: 'past:', key: 'past:a', field: 'name' });
  await expect(status).toHaveAttribute('data-past', 'false');
  await expect(keysPage.field('name')).toHaveAttribute('data-value', '"two"');
  await expect(keysPage.key('past:b')).toBeVisible();

  await keysPage.press('Previous change');
  await expect(status).toHaveAttribute('data-at', '2000');
  await page.getByRole('slider', { name: 'Time' }).press('ArrowLeft');
  await expect(status).toHaveAttribute('data-at', '1000');
  await expect(status).toContainText('You are looking at the past');
  await expect(page.getByTestId('keys-page')).toHaveAttribute('data-past', 'true');
  await expect(keysPage.field('name')).toHaveAttribute('data-value', '"one"');
  // The list of keys is of that time too.
  await expect(keysPage.key('past:b')).toHaveCount(0);
  await expect(page.getByTestId('write-form')).toHaveCount(0);

  await page.getByRole('slider', { name: 'Time' }).fill('1');
  await expect(keysPage.field('name')).toHaveAttribute('data-found', 'false');

  await page.getByRole('textbox', { name: 'As of' }).fill('1500');
  await page.keyboard.press('Enter');
  await expect(status).toHaveAttribute('data-at', '1500');
  await expect(page).toHaveURL(/time=1500/);
  await page.reload();
  await expect(status).toHaveAttribute('data-at', '1500');
  await expect(keysPage.field('name')).toHaveAttribute('data-value', '"one"');

  await keysPage.press('Back to now');
  await expect(status).toHaveAttribute('data-past', 'false');
  await expect(keysPage.field('name')).toHaveAttribute('data-value', '"two"');
  await page.goBack();
  await expect(status).toHaveAttribute('data-at', '1500');
});

test('[U51] two instants are compared, and what was is brought back as told', async ({
  keysPage,
  server,
}) => {
  const { page } = keysPage;
  const { api } = server;
  await api.set('shop', 'price', '10', { timestamp: 1000 });
  await api.set('shop', 'owner', 'Ida', { timestamp: 1000 });
  const kept = await api.set('shop', 'city', 'Oslo', { timestamp: 1000 });
  await api.set('shop', 'price', '12');
  await api.set('shop', 'open', 'yes');
  await api.request('DELETE', '/api/v1/kv/shop/owner');
  await keysPage.open({ key: 'shop', time: '1500' });

  await keysPage.press('Compare with another instant');
  await expect(page.getByTestId('key-diff')).toHaveAttribute('data-changes', '3');
  await expect(page.getByTestId('diff-shop-price')).toHaveAttribute('data-kind', 'changed');
  await expect(page.getByTestId('diff-shop-owner')).toHaveAttribute('data-kind', 'removed');
  await expect(page.getByTestId('diff-shop-open')).toContainText('added');
  await keysPage.press('End comparison');

  await keysPage.press('Record shop');
  const result = page.getByTestId('restore-result');
  await expect(result).toHaveAttribute('data-step', 'ready');
  await expect(result).toHaveAttribute('data-fields', '3');
  // Asking has written nothing.
  expect((await api.get('shop', 'price')).value).toBe('12');
  await keysPage.press('Restore 3 fields');
  await expect(result).toHaveAttribute('data-outcome', 'committed');
  await expect(result).toHaveAttribute('data-fields', '3');
  expect((await api.get('shop', 'price')).value).toBe('10');
  expect((await api.get('shop', 'owner')).value).toBe('Ida');
  expect((await api.get('shop', 'open')).found).toBe(false);
  expect((await api.get('shop', 'city')).version?.revision).toBe(kept.revision);
  await page.getByRole('dialog').getByRole('button', { name: 'Back to now' }).click();
  await expect(keysPage.field('price')).toHaveAttribute('data-value', '"10"');

  // A delete needs no question, since it can be undone.
  await keysPage.press('Delete owner');
  await expect(keysPage.field('owner')).toHaveCount(0);
  await keysPage.press('Undo');
  await expect(keysPage.field('owner')).toHaveAttribute('data-value', '"Ida"');
});

test('[U51] a restore that nobody answered is unknown, and is done once when sent again', async ({
  keysPage,
  server,
}) => {
  const { page } = keysPage;
  const { api } = server;
  await api.set('unsure', 'f', 'old', { timestamp: 1000 });
  await api.set('unsure', 'f', 'new');
  await keysPage.open({ key: 'unsure', field: 'f', time: '1000' });
  // The server does it; its answer is lost.
  await page.route('**/api/v1/restore', async (route) => {
    await route.fetch();
    await route.abort();
  });
  await keysPage.press('Field f');
  await keysPage.press('Restore 1 field');
  const result = page.getByTestId('restore-result');
  await expect(result).toHaveAttribute('data-outcome', 'unknown');
  await page.unroute('**/api/v1/restore');
  // Done again it would overwrite this.
  await api.set('unsure', 'f', 'newer');
  await keysPage.press('Send it again');
  await expect(result).toHaveAttribute('data-outcome', 'committed');
  await expect(result).toHaveAttribute('data-fields', '1');
  expect((await api.history('unsure', 'f')).versions.map(({ value }) => value)).toEqual([
    'old',
    'new',
    'old',
    'newer',
  ]);
});

test('[U52] the Keys page works by keyboard alone', async ({ keysPage, server }) => {
  const { page, status } = keysPage;
  const { api } = server;
  await api.set('typed:a', 'f', '1', { timestamp: 1000 });
  await api.set('typed:b', 'f', '2', { timestamp: 2000 });
  await keysPage.open();
  await page.keyboard.press('/');
  await page.keyboard.type('typed:');
  await expect(keysPage.keys.getByRole('link')).toHaveCount(2);
  await page.keyboard.press('ArrowDown');
  await expect(keysPage.key('typed:a')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('record')).toHaveAttribute('data-key', 'typed:b');
  await expect(keysPage.field('f')).toHaveAttribute('data-value', '"2"');

  await expect(page.getByRole('button', { name: 'Previous change' })).toBeEnabled();
  await page.keyboard.press('[');
  await expect(status).toHaveAttribute('data-at', '2000');
  await page.keyboard.press('t');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('1500');
  await page.keyboard.press('Enter');
  await expect(status).toHaveAttribute('data-at', '1500');
  await expect(keysPage.key('typed:b')).toHaveCount(0);
  await page.keyboard.press('Tab');
  await page.keyboard.press('n');
  await expect(status).toHaveAttribute('data-past', 'false');
  await page.keyboard.press('w');
  await expect(page.getByTestId('write-form').getByRole('textbox', { name: 'Key' })).toBeFocused();
});

for (const colorScheme of ['dark', 'light'] as const) {
  test(`[U53] the ${colorScheme} Keys page breaks no accessibility rule, and fits a phone`, {
    tag: LONG_IN_LIGHT[colorScheme],
  }, async ({ keysPage, server }) => {
    const { page } = keysPage;
    const { api } = server;
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await api.set('axe', 'name', 'W'.repeat(500), { timestamp: 1000 });
    await api.set('axe', 'name', 'two', { timestamp: 2000 });
    await api.set('axe', 'gone', 'x', { timestamp: 1000, ttl: 500 });
    await api.request('PUT', '/api/v1/kv/axe/list', { value: ['a', ''] });
    for (const query of [
      { prefix: 'nothing:' },
      {},
      { key: 'axe', field: 'name' },
      { key: 'axe', field: 'name', time: '1200' },
      { key: 'axe', time: '1200', compare: 'now' },
    ]) {
      await page.setViewportSize({ width: 1440, height: 900 });
      await keysPage.open(query);
      if (query.key !== undefined) await expect(page.getByTestId('timeline')).toBeVisible();
      if (query.compare !== undefined)
        await expect(page.getByTestId('key-diff')).toHaveAttribute('data-changes', '3');
      expect([query, await violations(keysPage.page)]).toEqual([query, []]);
      await page.setViewportSize({ width: 390, height: 844 });
      await expectWidth(page, 390);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    await keysPage.press('Record axe');
    await expect(page.getByTestId('restore-result')).toHaveAttribute('data-step', 'ready');
    expect(await violations(keysPage.page)).toEqual([]);
  });
}
