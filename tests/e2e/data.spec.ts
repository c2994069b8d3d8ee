/** The Data panel: what was read stays fresh by itself. */
import { expect, test } from './fixtures.ts';

test('[U37] what others write to the field that was read shows by itself, whatever kind of write it is', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const { api } = server;
  const { revision: first } = await api.set('data', 'list', 'one');
  await dashboard.read('data', 'list');
  const version = (revision: number) => page.getByTestId(`key-version-data-list-${revision}`);
  await expect(version(first)).toBeVisible();
  const writes: readonly [string, string, object][] = [
    ['PUT', '/api/v1/kv/data/list', { value: ['a'] }],
    ['POST', '/api/v1/kv/data/list/append', { items: ['b'] }],
    ['POST', '/api/v1/txn', { success: [{ op: 'deleteRecord', key: 'data' }] }],
    ['POST', '/api/v1/restore', { key: 'data', asOf: first }],
  ];
  for (const [method, path, body] of writes) {
    const { revision } = (await api.request(method, path, body)).body as { revision: number };
    await expect(version(revision)).toBeVisible();
  }
});

test('[U37] of a history that is longer than a page the latest versions are shown', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const { api } = server;
  const write = { op: 'set', key: 'data', field: 'long', value: '' };
  const batch = { writes: Array.from({ length: 1000 }, () => write) };
  expect((await api.request('POST', '/api/v1/batch', batch)).status).toBe(200);
  const { revision } = await api.set('data', 'long', 'last');
  expect(await dashboard.read('data', 'long')).toEqual({ value: 'last', revision });
  await expect(page.getByTestId(`key-version-data-long-${revision}`)).toBeVisible();
  await expect(page.getByRole('region', { name: 'History of the field' })).toContainText(
    'the latest 1,000 versions',
  );
});

test('[U46] the slider stops where the value changes, not where one would have expired that was replaced before', async ({
  dashboard,
  server,
}) => {
  const { api } = server;
  await api.set('data', 'stops', 'first', { timestamp: 1000, ttl: 500 });
  await api.set('data', 'stops', 'second', { timestamp: 1200, ttl: 300 });
  await dashboard.read('data', 'stops');
  const slider = dashboard.page.getByTestId('read-form').getByRole('slider', { name: 'As of' });
  // Two versions and one expiry, and then now.
  await expect(slider).toHaveAttribute('max', '3');
  await api.set('data', 'stops', 'third', { timestamp: 1400 });
  await dashboard.read('data', 'stops');
  await expect(slider).toHaveAttribute('max', '3');
});

test('[U37] what was written while it could not be asked for shows when it can', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const { api } = server;
  await api.set('data', 'late', 'one');
  await dashboard.read('data', 'late');
  const history = '**/api/v1/history/**';
  let tellRefused = (): void => {};
  const refused = new Promise<void>((resolve) => (tellRefused = resolve));
  await page.route(history, async (route) => {
    await route.abort();
    tellRefused();
  });
  const { revision } = await api.set('data', 'late', 'two');
  await refused;
  await page.unroute(history);
  await expect(page.getByTestId(`key-version-data-late-${revision}`)).toBeVisible();
});
