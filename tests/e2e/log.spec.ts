/** The bar that leads to every page, and the Log page. */
import { LIMITS } from '../../contracts/kv.ts';
import { BatchAnswer } from '../../contracts/write.ts';
import type { ApiClient } from './api.ts';
import { expect, NODES, test } from './fixtures.ts';
import { expectWidth, violations } from './pages.ts';

test.afterEach(async ({ server }) => {
  await server.api.request('PUT', '/api/v1/pace', { pace: 1 });
});

test('[U75] the bar leads to every page and says which one is open, on a phone too', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const nav = page.getByRole('navigation', { name: 'Pages' });
  for (const [name, id] of [
    ['Log', 'log-page'],
    ['Metrics', 'metrics-page'],
    ['Keys', 'keys-page'],
    ['Live', 'write-form'],
  ] as const) {
    await nav.getByRole('link', { name, exact: true }).click();
    await expect(page.getByTestId(id)).toBeVisible();
    await expect(nav.locator('[aria-current=page]:visible')).toHaveText(name);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${server.url}/log?motion=off`);
  for (const name of ['Metrics', 'Log']) {
    await nav.getByRole('button', { name: 'Pages:' }).press('Enter');
    await nav.getByRole('link', { name, exact: true }).click();
    await expect(nav.getByRole('button', { name: `Pages: ${name}` })).toBeVisible();
    await expectWidth(page, 390);
  }
});

test('[U77] five thousand entries keep the page small; any of them is reached, and what comes meanwhile is counted', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const last = await fill(server.api, 5000);
  await page.goto(`${server.url}/log?motion=off`);
  const grid = page.getByRole('grid', { name: 'Replicated log' });
  const rowCount = async (): Promise<number> => Number(await grid.getAttribute('aria-rowcount'));
  // The page may be opened before the nodes have told of the last entries.
  await expect.poll(rowCount).toBeGreaterThan(last);
  const rows = await rowCount();
  await expect(page.getByTestId(`log-row-${rows - 1}`)).toBeVisible();
  expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(2000);

  // At the end, entries move through rows that keep their place.
  const scrolled = await grid.evaluateHandle((box) => {
    const heard = { times: 0 };
    box.addEventListener('scroll', () => heard.times++);
    return heard;
  });
  await fill(server.api, 12);
  await expect(page.getByTestId(`log-row-${rows + 11}`)).toBeInViewport();
  expect(await scrolled.evaluate(({ times }) => times)).toBe(0);
  const isCut = await grid.evaluate((box) => {
    const head = box.querySelector('[role=rowgroup]')?.getBoundingClientRect().bottom ?? 0;
    const shown = [...box.querySelectorAll('[data-index]')].map((row) =>
      row.getBoundingClientRect(),
    );
    return shown.some(({ top, bottom }) => top < head - 1 && bottom > head + 1);
  });
  expect(isCut).toBe(false);

  // The server may have been written to by other tests: half of what was written here.
  const middle = rows - 2500;
  await page.getByRole('textbox', { name: 'Index' }).fill(String(middle));
  await page.getByRole('button', { name: 'Go', exact: true }).click();
  await expect(page.getByTestId(`log-row-${middle}`)).toBeInViewport();
  await expect(page.getByTestId(`log-row-${middle}`)).toContainText('fill:');
  await expect(page.getByTestId('log-entry')).toHaveAttribute('data-index', String(middle));
  await fill(server.api, 12);
  await expect(page.getByRole('button', { name: /^1\d new$/ })).toBeVisible();
  await expect(page.getByTestId(`log-row-${middle}`)).toBeInViewport();

  await page.getByTestId('frontier-chip-n2').click();
  await expect(page.locator('[data-testid^=log-cell-n2-][data-frontier=commit]')).toBeInViewport();
  // Of one moment: the follower may hear of one more commit at any time.
  const isMarked = (): Promise<boolean> =>
    page.evaluate(() => {
      const mark = document.querySelector<HTMLElement>('[data-testid=commit-frontier-n2]');
      const cell = document.querySelector<HTMLElement>(
        `[data-testid=log-cell-n2-${mark?.dataset['index']}]`,
      );
      return cell?.dataset['frontier'] === 'commit';
    });
  await expect.poll(isMarked).toBe(true);
  expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(2000);
});

test('[U124] an index beyond the end is said not to be there yet, by address and by box, and is shown once it is', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const { revision } = await server.api.set('end', 'of', 'log');
  await page.goto(`${server.url}/log?motion=off&index=900719`);
  const note = page.getByTestId('no-entry');
  await expect(note).toHaveText(/^There is no entry 900,719 yet; the last is [\d,]+\.$/);
  await expect(page.getByTestId('log-entry')).toHaveCount(0);
  await page.getByRole('textbox', { name: 'Index' }).fill(String(revision + 1));
  await page.getByRole('button', { name: 'Go', exact: true }).click();
  await expect(note).toContainText(`the last is ${revision.toLocaleString('en')}.`);
  expect(await violations(page, '[data-testid=log-page]')).toEqual([]);
  await server.api.set('end', 'of', 'it');
  await expect(note).toHaveCount(0);
  await expect(page.getByTestId('log-entry')).toContainText('end.of = it');
  await page.getByTestId(`log-row-${revision}`).click();
  await expect(page.getByTestId('log-entry')).toHaveAttribute('data-index', String(revision));
});

test('[U79] with the arrows one walks the entries, and the one that is chosen is told in full', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const { revision } = await server.api.set('walk', 'step', 'one');
  await page.goto(`${server.url}/log?motion=off`);
  const grid = page.getByRole('grid', { name: 'Replicated log' });
  const entry = page.getByTestId('log-entry');
  await expect(page.getByTestId(`log-row-${revision}`)).toBeVisible();
  await grid.focus();
  await page.keyboard.press('End');
  await expect(entry).toHaveAttribute('data-index', String(revision));
  await expect(entry).toContainText('walk.step = one');
  await expect(entry.locator('[data-state=applied]')).toHaveCount(3);
  await page.keyboard.press('ArrowUp');
  await expect(entry).toHaveAttribute('data-index', String(revision - 1));
  await expect(page.getByRole('row', { selected: true })).toHaveAttribute(
    'data-index',
    String(revision - 1),
  );
  await page.keyboard.press('Home');
  await expect(entry).toHaveAttribute('data-index', '1');
  await expect(page.getByTestId('log-row-1')).toBeInViewport();
  const active = await grid.getAttribute('aria-activedescendant');
  await expect(page.locator(`[id="${active}"]`)).toHaveAttribute('data-index', '1');
});

test('[U80] what a leader that is cut off logs in vain is striped, then listed; no accessibility rule is broken meanwhile, nor on a phone', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const { api } = server;
  await dashboard.converged((await api.set('split', 'brain', 'before')).revision);
  // It believes itself leader for one election time-out more, which is long while the cluster is paused.
  await api.request('PUT', '/api/v1/pace', { pace: 0 });
  await expect(page.getByTestId('cluster-speed')).toHaveAttribute('data-pace', '0');
  const old = await dashboard.leader();
  const [other = ''] = NODES.filter((node) => node !== old);
  const revision = await dashboard.converged();
  const [lost, at] = [revision + 1, `log-cell-${old}-${revision + 1}`];
  await page.goto(`${server.url}/log?motion=off`);
  await expect(page.getByTestId(`log-row-${revision}`)).toBeVisible();

  await api.request('POST', `/api/v1/nodes/${old}/isolate`);
  const written = api.request('PUT', '/api/v1/kv/split/brain', { value: 'in vain' });
  await expect(page.getByTestId(at)).toHaveAttribute('data-state', 'appended');
  await api.request('PUT', '/api/v1/pace', { pace: 1 });
  await written;
  await expect(page.getByTestId(at)).toHaveAttribute('data-state', 'divergent');
  await expect(page.getByTestId(`log-cell-${other}-${lost}`)).toHaveAttribute(
    'data-state',
    'applied',
  );
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(page)).toEqual([]);
  }

  await api.request('DELETE', '/api/v1/links');
  await expect(page.getByTestId(at)).toHaveAttribute('data-state', 'applied');
  const listed = page.getByTestId('overwritten').locator(`[data-index="${lost}"]`);
  await expect(listed).toContainText('replaced by');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByTestId(`log-row-${revision}`).click();
  await expect(page.getByTestId('log-entry')).toBeVisible();
  await expectWidth(page, 390);
  expect(await violations(page)).toEqual([]);
});

/** So many entries more, in a few requests. */
/** The revision of the last write. */
async function fill(api: ApiClient, count: number): Promise<number> {
  let last = 0;
  for (let done = 0; done < count; done += LIMITS.batch) {
    const writes = Array.from({ length: Math.min(LIMITS.batch, count - done) }, (_, i) => ({
      op: 'set',
      key: `fill:${i % 50}`,
      field: 'n',
      value: String(done + i),
    }));
    const { status, body } = await api.request('POST', '/api/v1/batch', { writes });
    expect(status).toBe(200);
    for (const result of BatchAnswer.parse(body).results)
      if (result.ok) last = Math.max(last, result.revision ?? 0);
  }
  return last;
}
