/** The Metrics page: its charts, their words and tables, and what happened meanwhile. */
import { expect, test } from './fixtures.ts';
import { expectSize, expectWidth, violations } from './pages.ts';

const CHARTS = 11;

test('[U82] charts fill up to now with what is written, say when a node is down, and keep to their range', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const { api } = server;
  await api.set('metrics', 'x', '1');
  await page.goto(`${server.url}/metrics?motion=off`);
  await expect(page.getByRole('figure')).toHaveCount(CHARTS);
  const throughput = page.getByTestId('chart-throughput');
  await expect(throughput).toHaveAttribute('data-points', /[1-9]/);
  await expect(throughput.locator('svg .recharts-line')).toHaveCount(2);
  await expectSize(page, 1440, 900);

  const [down = ''] = (await api.cluster()).nodes
    .filter(({ role }) => role !== 'leader')
    .map(({ id }) => id);
  await api.kill(down);
  await expect(page.getByTestId('metrics-marks')).toContainText(`${down} down`);
  const lag = page.getByTestId('chart-lag').getByRole('table', { includeHidden: true });
  await expect(lag).toContainText('down');
  expect(await violations(page)).toEqual([]);

  await page.getByTestId('chart-lag').hover();
  await expect(page.getByTestId('crosshair')).toHaveCount(CHARTS);

  await page.getByRole('radio', { name: '1 min', exact: true }).check({ force: true });
  await expect(page.getByTestId('metrics-page')).toHaveAttribute('data-range', '1');
  await expect(throughput).toContainText('-30 s');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await expectWidth(page, 390);
  expect(await violations(page)).toEqual([]);
});
