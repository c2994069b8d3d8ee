/** The fault laboratory by click and by key: every fault is seen in words, and has its way back. */
import type { Locator } from 'playwright/test';
import { expect, test } from './fixtures.ts';
import type { Dashboard } from './fixtures.ts';
import { lateStream } from './late-stream.ts';
import { ServerUnderTest } from './server.ts';
import { LONG_IN_LIGHT, violations } from './pages.ts';

async function follower(dashboard: Dashboard): Promise<string> {
  return (await dashboard.leader()) === 'n1' ? 'n2' : 'n1';
}

async function choose(dashboard: Dashboard, menu: string, item: string): Promise<void> {
  await dashboard.press(menu);
  await dashboard.page.getByRole('menuitem', { name: item }).click();
}

function faultsOf({ page }: Dashboard, node: string): Locator {
  return page.getByRole('list', { name: `Faults of ${node}` });
}

test('[U57] a node is paused, slowed, filled and set wrong from its menu; its card tells each, and all is healed at once', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  const old = await dashboard.leader();
  await choose(dashboard, `More for ${old}`, `Pause ${old} for 30 s`);
  await expect(faultsOf(dashboard, old)).toContainText(/paused \d+ s/);
  await expect(dashboard.verdict).not.toHaveAttribute('data-leader', old);
  await choose(dashboard, `More for ${old}`, `Let ${old} run again`);
  await expect(faultsOf(dashboard, old)).toHaveCount(0);
  const id = await follower(dashboard);
  await choose(dashboard, `More for ${id}`, `Disk and clock of ${id}`);
  const sheet = page.getByRole('dialog', { name: `Disk and clock of ${id}` });
  await sheet.getByRole('slider', { name: 'Slower by' }).fill('70');
  await sheet.getByRole('switch', { name: `Disk of ${id} full` }).click();
  await sheet.getByRole('button', { name: 'Clock +5 s' }).click();
  await expect(sheet.getByRole('slider', { name: 'Offset' })).toHaveAttribute(
    'aria-valuetext',
    '+5.0 s',
  );
  await sheet.getByRole('slider', { name: 'Drift' }).fill('100');
  await expect(sheet.getByRole('slider', { name: 'Drift' })).toHaveAttribute(
    'aria-valuetext',
    '+10 % rate',
  );
  await sheet.getByRole('button', { name: 'Close' }).click();
  for (const words of ['disk full', /disk \+\d+ ms/, 'clock +5.0 s', 'clock +10 % rate'])
    await expect(faultsOf(dashboard, id)).toContainText(words);
  await page.keyboard.press('h');
  await expect(faultsOf(dashboard, id)).toHaveCount(0);
});

test('[U140] what is set of a disk and a clock one after the other all stands, though the page hears late of each; what cannot be sent cannot be set', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const stream = await lateStream(page, 600);
  await dashboard.open(server.url);
  const id = await follower(dashboard);
  await choose(dashboard, `More for ${id}`, `Disk and clock of ${id}`);
  const sheet = page.getByRole('dialog', { name: `Disk and clock of ${id}` });
  const slower = sheet.getByRole('slider', { name: 'Slower by' });
  await slower.fill('70');
  await sheet.getByRole('switch', { name: `Disk of ${id} full` }).click();
  await sheet.getByRole('slider', { name: 'Drift' }).fill('100');
  for (let i = 0; i < 2; i++) await sheet.getByRole('button', { name: 'Clock +5 s' }).click();
  for (const words of ['disk full', /disk \+\d+ ms/, 'clock +10.0 s', 'clock +10 % rate'])
    await expect(faultsOf(dashboard, id)).toContainText(words);
  stream.lateMs = Number.POSITIVE_INFINITY;
  await expect(dashboard.app).toHaveAttribute('data-conn', 'reconnecting');
  await expect(slower).toBeDisabled();
});

test('[U58] a link is slowed, made lossy and cut, both ways or one, and tells it', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  const link = page.getByTestId('link-n1-n2');
  const more = page.getByRole('button', { name: 'Faults of the link n1 to n2' });
  const box = page.getByRole('dialog', { name: 'Faults of the link n1 to n2' });
  await more.click();
  await box.getByRole('button', { name: 'WAN' }).click();
  await expect(link).toHaveAttribute('data-state', 'lossy');
  await expect(link).toContainText('80–100 ms, 1 % lost');
  await box.getByRole('slider', { name: 'Lost' }).fill('0');
  await expect(link).toHaveAttribute('data-state', 'slow');
  await box.getByText('n2 → n1').click();
  await box.getByRole('button', { name: 'Cut' }).click();
  await expect(page.getByTestId('lane-n2-n1')).toHaveAttribute('data-state', 'cut');
  await expect(page.getByTestId('lane-n1-n2')).toHaveAttribute('data-state', 'slow');
  await expect(link).toContainText('n2 → n1 cut');
  await page.keyboard.press('Escape');
  await expect(box).toBeHidden();
  await expect(more).toBeFocused();
  const switched = page.getByRole('switch', { name: 'Link n1 to n2' });
  await switched.click();
  await expect(switched).toHaveAttribute('aria-checked', 'false');
  await expect(page.getByTestId('lane-n1-n2')).toHaveAttribute('data-state', 'cut');
  await dashboard.press('Heal all');
  await expect(link).toHaveAttribute('data-state', 'up');
});

test('[U59] the cluster is split by name and by a line; each side is told, and a forecast before', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  await dashboard.press('Partition');
  await page.keyboard.press('ArrowDown');
  await expect(page.getByText(/^Cutting 2 links/)).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(dashboard.card('n2')).toHaveAttribute('data-side', 'B');
  await expect(page.getByText('A: 2 of 3, quorum')).toBeVisible();
  await expect(page.getByText('B: 1 of 3, no quorum')).toBeVisible();
  await page.keyboard.press('h');
  await expect(page.getByTestId('link-n1-n2')).toHaveAttribute('data-state', 'up');
  // Across the whole stage, below the node at the top and above the others.
  await page.keyboard.press('x');
  const stage = await page.getByTestId('cut-stroke').boundingBox();
  if (stage === null) throw new Error('the stage is there');
  await page.mouse.move(stage.x + 5, stage.y + stage.height / 2);
  await page.mouse.down();
  await page.mouse.move(stage.x + stage.width - 5, stage.y + stage.height / 2, { steps: 3 });
  await expect(page.getByText(/^Cutting 2 links/)).toBeVisible();
  await page.mouse.up();
  for (const link of ['link-n1-n2', 'link-n1-n3'])
    await expect(page.getByTestId(link)).toHaveAttribute('data-state', 'cut');
  await expect(page.getByTestId('link-n2-n3')).toHaveAttribute('data-state', 'up');
});

for (const colorScheme of ['dark', 'light'] as const) {
  test(`[U62] a world full of faults breaks no accessibility rule on the ${colorScheme} page, nor do its boxes`, {
    tag: LONG_IN_LIGHT[colorScheme],
  }, async ({ dashboard, server }) => {
    const { page } = dashboard;
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const call = server.api.request.bind(server.api);
    await call('PUT', '/api/v1/nodes/n2/disk', { delayMs: 20, full: true });
    await call('PUT', '/api/v1/nodes/n3/clock', { offsetMs: -5000, drift: 50 });
    await call('PUT', '/api/v1/links/n1/n2', { delayMs: 5, loss: 0.1 });
    await call('PUT', '/api/v1/links/n2/n3', { cut: true });
    await expect(faultsOf(dashboard, 'n3')).toContainText('clock −5.0 s');
    await page.getByRole('button', { name: 'Faults of the link n1 to n2' }).click();
    expect(await violations(dashboard.page)).toEqual([]);
    await page.keyboard.press('Escape');
    await choose(dashboard, 'More for n2', 'Disk and clock of n2');
    expect(await violations(dashboard.page)).toEqual([]);
  });
}

test('[U63] a disk is wiped only after the node’s name was typed, and the card says what to do', async ({
  dashboard,
}) => {
  // A wiped node never comes back: on a server of this test's own.
  const server = await ServerUnderTest.create();
  try {
    const { page } = dashboard;
    await dashboard.open(server.url);
    const id = await follower(dashboard);
    await dashboard.press(`Kill ${id}`);
    await expect(dashboard.card(id)).toHaveAttribute('data-up', 'false');
    await choose(dashboard, `More for ${id}`, `Wipe the disk of ${id}`);
    const sheet = page.getByRole('dialog', { name: `Wipe the disk of ${id}` });
    const wipe = sheet.getByRole('button', { name: 'Wipe', exact: true });
    await expect(wipe).toHaveAttribute('aria-disabled', 'true');
    await sheet.getByRole('textbox').fill(id);
    await wipe.click();
    await expect(faultsOf(dashboard, id)).toContainText('disk wiped: replace it');
    await dashboard.press(`Revive ${id}`);
    await expect(dashboard.card(id)).toContainText('this is not the database');
  } finally {
    await server.destroy();
  }
});
