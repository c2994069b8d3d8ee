/** Lessons on the page: by mouse, by keyboard, for every eye and width; and the ten tests in their table. */
import { expect, test } from './fixtures.ts';
import { LONG, expectWidth, violations } from './pages.ts';

test('[U99] a lesson is taken by mouse: each step does, waits, tells and proves; an earlier one can be looked at again', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  const panel = page.getByTestId('lesson-panel');
  const old = await dashboard.leader();
  await dashboard.press('Lessons');
  await dashboard.press('Start: Split brain, attempted');
  await expect(panel).toHaveAttribute('data-step-phase', 'ready');
  await expect(page).toHaveURL(/[?&]lesson=split-brain\b/);
  await expect(dashboard.card(old)).toHaveCSS('outline-style', 'dashed');
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');

  await panel.getByRole('button', { name: /^Do it/ }).click();
  await expect(panel).toHaveAttribute('data-step-phase', 'done');
  await expect(dashboard.card(old)).not.toHaveAttribute('data-role', 'leader');
  await expect(panel.getByTestId('lesson-check')).toHaveCount(3);
  await panel.getByText('Split the cluster').click();
  await expect(panel.getByText(/curl -X POST "\$URL\/api\/v1\/partition"/)).toBeVisible();

  await dashboard.press('Next');
  await expect(panel).toHaveAttribute('data-step', '2');
  await dashboard.press('Previous');
  await expect(panel).toHaveAttribute('data-step', '1');
  await expect(panel.getByTestId('lesson-check')).toHaveCount(3);
  await dashboard.press('Next');
  await panel.getByRole('button', { name: /^Do it/ }).click();
  await expect(panel).toHaveAttribute('data-step-phase', 'done');
  await dashboard.press('Next');
  await panel.getByRole('button', { name: /^Do it/ }).click();
  await expect(panel).toHaveAttribute('data-step-phase', 'done');
  await dashboard.press('Finish');
  await expect(panel).toHaveAttribute('data-phase', 'over');
  await expect(panel).toHaveAttribute('data-result', 'passed');
  await panel.getByRole('button', { name: 'Close' }).click();
  await expect(panel).toHaveCount(0);
  await expect(page).not.toHaveURL(/[?&]lesson=/);
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
});

test('[U99] by keyboard an address opens a lesson, which is left half-way and mends; what is not fit says why', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  await page.goto(`${server.url}/?motion=off&lesson=lose-majority`);
  const panel = page.getByTestId('lesson-panel');
  await expect(panel).toHaveAttribute('data-step-phase', 'ready');
  await expect(panel.getByRole('heading', { name: 'Lose the majority' })).toBeFocused();

  async function tabTo(name: RegExp): Promise<void> {
    const target = panel.getByRole('button', { name });
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      if (await target.evaluate((element) => element === document.activeElement)) return;
    }
    throw new Error(`no Tab leads to ${String(name)}`);
  }
  await tabTo(/^Do it/);
  await page.keyboard.press('Enter');
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'no-quorum');
  await expect(panel).toHaveAttribute('data-step-phase', 'done');
  await panel.getByRole('heading', { name: 'Lose the majority' }).focus();
  await tabTo(/^Leave/);
  await page.keyboard.press('Enter');
  await expect(panel).toHaveAttribute('data-phase', 'over');
  await expect(panel).toHaveAttribute('data-result', 'left');
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
  await panel.getByRole('button', { name: 'Close' }).click();

  await dashboard.press('Kill n3');
  await expect(dashboard.card('n3')).toHaveAttribute('data-up', 'false');
  await dashboard.press('Lessons');
  const sheet = page.getByRole('dialog', { name: 'Lessons' });
  await expect(sheet.getByText('n3 is down')).toBeVisible();
  await dashboard.press('Mend everything first');
  await expect(sheet.getByText('n3 is down')).toHaveCount(0);
  await expect(dashboard.card('n3')).toHaveAttribute('data-up', 'true');
});

test('[U125] a lesson goes on in the presentation and out of it again, at the same step', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  await page.goto(`${server.url}/?motion=off&lesson=lose-majority`);
  const panel = page.getByTestId('lesson-panel');
  const shown = page.getByTestId('presentation');
  await panel.getByRole('button', { name: /^Do it/ }).click();
  await expect(panel).toHaveAttribute('data-step-phase', 'done');
  await page.keyboard.press('p');
  await expect(shown).toBeVisible();
  await expect(panel).toHaveAttribute('data-step-phase', 'done');
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'no-quorum');
  const stage = page.getByRole('region', { name: 'Cluster', exact: true });
  await expect
    .poll(async () => {
      const [left, right] = [await stage.boundingBox(), await panel.boundingBox()];
      return left !== null && right !== null && left.x + left.width <= right.x;
    })
    .toBe(true);
  for (const paper of ['light', 'dark'] as const) {
    await expect(shown).toHaveAttribute('data-present', paper);
    expect(await violations(page, '[data-testid=lesson-panel]')).toEqual([]);
    await page.keyboard.press('d');
  }
  await panel.getByRole('button', { name: 'Next' }).click();
  await expect(panel).toHaveAttribute('data-step', '2');
  await page.keyboard.press('p');
  await expect(shown).toHaveCount(0);
  await expect(panel).toHaveAttribute('data-step', '2');
  await panel.getByRole('button', { name: 'Leave' }).click();
  await expect(panel).toHaveAttribute('data-result', 'left');
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
});

test('[U100] the list and a lesson break no accessibility rule in either theme, and fit a phone', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  const panel = page.getByTestId('lesson-panel');
  await dashboard.press('Lessons');
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(dashboard.page)).toEqual([]);
  }
  await dashboard.press('Start: Normal operation');
  await panel.getByRole('button', { name: /^Do it/ }).click();
  await expect(panel).toHaveAttribute('data-step-phase', 'done');
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(dashboard.page)).toEqual([]);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await expectWidth(page, 390);
  // What the panel covers can be scrolled out from under it.
  const last = page.getByRole('main').locator(':scope > :last-child');
  await expect
    .poll(async () => {
      await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
      const [covered, covering] = [await last.boundingBox(), await panel.boundingBox()];
      return covered !== null && covering !== null && covered.y + covered.height <= covering.y;
    })
    .toBe(true);
  await dashboard.press('Finish');
  await expect(panel).toHaveAttribute('data-result', 'passed');
});

test('[U101] the ten tests of resilience run from the page into a table, with result, time and evidence', {
  tag: LONG,
}, async ({ dashboard }) => {
  const { page } = dashboard;
  await dashboard.press('Lessons');
  await dashboard.press('Run all ten');
  const table = page.getByTestId('resilience-table');
  await expect(table).toHaveAttribute('data-over', 'true', { timeout: 200_000 });
  await expect(table).toHaveAttribute('data-passed', '10');
  const row = page.getByTestId('resilience-follower-crash');
  await row.getByText('A follower crashes').click();
  await expect(row.getByTestId('lesson-check').first()).toHaveAttribute('data-passed', 'true');
  await expect(row.getByRole('cell').last()).toHaveText(/\d\.\d s/);
  expect(await violations(dashboard.page)).toEqual([]);
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
});
