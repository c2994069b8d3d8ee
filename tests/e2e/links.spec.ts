/** Links cut and healed from card to card, and the crosses of what was lost on them. */
import type { Locator } from 'playwright/test';
import { expect, test } from './fixtures.ts';
import type { Dashboard } from './fixtures.ts';
import { THEMES, violations } from './pages.ts';

test.afterEach(async ({ server }) => {
  await server.api.request('PUT', '/api/v1/pace', { pace: 1 });
});

function handle({ page }: Dashboard, id: string): Locator {
  return page.getByRole('button', { name: `Links of ${id}` });
}

/** Takes hold of one node's handle and moves onto another's card; the button stays down. */
async function pull(dashboard: Dashboard, from: string, to: string): Promise<void> {
  const { page } = dashboard;
  const start = await middleOf(handle(dashboard, from));
  const end = await middleOf(dashboard.card(to));
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move(end.x, end.y, { steps: 3 });
}

async function middleOf(locator: Locator): Promise<{ readonly x: number; readonly y: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('it is there');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

test('[U119] pulled from card to card a link is cut and healed, one way or both, told before and after', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  const link = page.getByTestId('link-n1-n2');
  const pulled = page.getByTestId('link-pull');
  await pull(dashboard, 'n1', 'n2');
  await expect(pulled).toHaveAttribute('data-deed', 'Cut n1 – n2');
  await expect(pulled).toContainText(
    /^Cut n1 – n2Cuts n1 from n2, both ways; . of 3 keep a quorum/,
  );
  await expect(dashboard.card('n2')).toHaveAttribute('data-aimed-at', 'true');
  // Given up: nothing happens when the button comes up.
  await page.keyboard.press('Escape');
  await expect(pulled).toHaveCount(0);
  await page.mouse.up();
  await pull(dashboard, 'n1', 'n2');
  await page.mouse.move(10, 10);
  await expect(pulled).toHaveAttribute('data-deed', '');
  await page.mouse.up();
  await expect(pulled).toHaveCount(0);
  await expect(link).toHaveAttribute('data-state', 'up');

  await pull(dashboard, 'n1', 'n2');
  await page.mouse.up();
  await expect(link).toHaveAttribute('data-state', 'cut');
  const notices = page.getByRole('status', { name: 'Notices' });
  await expect(notices).toContainText('The link n1 – n2 is cut, both ways');
  await notices.getByRole('button', { name: 'Undo' }).click();
  await expect(link).toHaveAttribute('data-state', 'up');

  await pull(dashboard, 'n2', 'n3');
  await page.keyboard.down('Shift');
  await expect(pulled).toHaveAttribute('data-deed', 'Cut n2 → n3 only');
  await page.mouse.up();
  await page.keyboard.up('Shift');
  await expect(page.getByTestId('lane-n2-n3')).toHaveAttribute('data-state', 'cut');
  await expect(page.getByTestId('lane-n3-n2')).toHaveAttribute('data-state', 'up');
  await pull(dashboard, 'n2', 'n3');
  await expect(pulled).toHaveAttribute('data-deed', 'Heal n2 – n3');
  await page.mouse.up();
  await expect(page.getByTestId('lane-n2-n3')).toHaveAttribute('data-state', 'up');
});

test('[U119] by keyboard the handle lists the same, and breaks no accessibility rule in both themes', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  const menu = page.getByRole('menu', { name: 'Links of n1' });
  expect(await handle(dashboard, 'n1').evaluate(({ tabIndex }) => tabIndex)).toBe(0);
  await handle(dashboard, 'n1').focus();
  await page.keyboard.press('Enter');
  await expect(menu.getByRole('menuitem')).toHaveText([
    /^Cut n1 – n2/,
    /^Cut n1 → n2 only/,
    /^Cut n1 – n3/,
    /^Cut n1 → n3 only/,
  ]);
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(page, '[data-stage]')).toEqual([]);
  }
  await page.keyboard.press('ArrowDown');
  await expect(page.getByText(/^Cuts n1 → n2 only; . of 3 keep a quorum/)).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('lane-n1-n2')).toHaveAttribute('data-state', 'cut');
  await expect(page.getByTestId('lane-n2-n1')).toHaveAttribute('data-state', 'up');
  await expect(handle(dashboard, 'n1')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(menu.getByRole('menuitem').first()).toHaveText(/^Heal n1 – n2/);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('link-n1-n2')).toHaveAttribute('data-state', 'up');
});

test('[U120] what a cut link loses leaves a cross, still where motion is unwanted, and is told in the list', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const leader = await dashboard.leader();
  const other = leader === 'n1' ? 'n2' : 'n1';
  await server.api.request('PUT', '/api/v1/pace', { pace: 0.1 });
  await server.api.request('PATCH', `/api/v1/links/${leader}/${other}`, { cut: true });
  const cross = page.locator('[data-testid=packet-loss][data-how=lost]').first();
  await expect(cross).toBeAttached();
  expect(await cross.evaluate((mark) => mark.getAnimations().length)).toBe(0);
  await server.api.request('PUT', '/api/v1/pace', { pace: 0 });
  await expect(page.getByTestId('packet-loss')).toHaveCount(0);
  await page.getByRole('button', { name: /on the way$/ }).click();
  await expect(page.getByTestId('loss-list')).toContainText(`${leader} → ${other}`);
  await expect(page.getByTestId('loss-list')).toContainText('lost on its way');
  expect(await violations(page, 'dialog[open]')).toEqual([]);
});
