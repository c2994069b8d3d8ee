/** Members come and go through the page, on a server of this test's own. */
import { expect } from 'playwright/test';
import { testOnOwnServer } from './fixtures.ts';
import type { Dashboard } from './fixtures.ts';

const test = testOnOwnServer();

async function choose(dashboard: Dashboard, node: string, item: string): Promise<void> {
  await dashboard.press(`More for ${node}`);
  await dashboard.page.getByRole('menuitem', { name: item }).click();
}

test('[U43] a node is added, learns, gets a vote, leads when asked, and is removed again', async ({
  dashboard,
}) => {
  await dashboard.write('city', 'name', 'Oslo');
  await dashboard.press('Add node');
  await expect(dashboard.card('n4')).toHaveAttribute('data-membership', 'voter');
  await expect(dashboard.page.getByText('3 of 4 is a quorum')).toBeVisible();
  await expect(dashboard.card('n4')).toHaveAttribute('data-applied', /[1-9]/);

  await choose(dashboard, 'n4', 'Let n4 lead');
  await expect(dashboard.verdict).toHaveAttribute('data-leader', 'n4');
  await dashboard.write('city', 'name', 'Bergen');

  await choose(dashboard, 'n4', 'Remove n4');
  await expect(dashboard.card('n4')).toHaveCount(0);
  await expect(dashboard.page.getByText('2 of 3 is a quorum')).toBeVisible();
  await expect(dashboard.verdict).toHaveAttribute('data-leader', /^n[123]$/);
  expect((await dashboard.read('city', 'name')).value).toBe('Bergen');
});

test('[U44] a node is replaced by another, which gets a snapshot of what logs have forgotten', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  await dashboard.write('city', 'name', 'Tromsø');
  for (const node of ['n1', 'n2', 'n3']) {
    await choose(dashboard, node, 'Shorten its log');
    await expect(page.getByText(`${node} has shortened its log`)).toBeVisible();
  }
  const leader = await dashboard.leader();
  const old = leader === 'n1' ? 'n2' : 'n1';
  await choose(dashboard, old, `Replace ${old}`);
  await expect(dashboard.card(old)).toHaveCount(0);
  await expect(dashboard.card('n4')).toHaveAttribute('data-membership', 'voter');
  await expect(page.getByText(/n4 takes over the state at \d+ from/)).toBeVisible();
  expect((await dashboard.read('city', 'name')).value).toBe('Tromsø');
});

test('[U45] the menu of a node works by keyboard alone', async ({ dashboard }) => {
  const { page } = dashboard;
  const button = page.getByRole('button', { name: 'More for n2', exact: true });
  await button.focus();
  await page.keyboard.press('Enter');
  const items = page.getByRole('menu', { name: 'More for n2' }).getByRole('menuitem');
  await expect(items.first()).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(items.last()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(button).toBeFocused();
  await expect(items.first()).toBeHidden();
});
