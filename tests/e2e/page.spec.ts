/** The page itself: for every eye, every width and no mouse. */
import { NODES, expect, test } from './fixtures.ts';
import type { Locator } from 'playwright/test';
import type { Dashboard } from './fixtures.ts';
import { lateStream } from './late-stream.ts';
import { LONG, LONG_IN_LIGHT, THEMES, expectSize, expectWidth, violations } from './pages.ts';

async function boxOf(shown: Locator) {
  const box = await shown.boundingBox();
  if (box === null) throw new Error('it is not shown');
  return box;
}

/** A story worth a picture: values with a past, and a leader that was replaced. */
async function live(dashboard: Dashboard): Promise<void> {
  for (const value of ['Oslo', 'Bergen', 'Tromsø']) await dashboard.write('city', 'name', value);
  const leader = await dashboard.leader();
  await dashboard.press(`Kill ${leader}`);
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'degraded');
  await dashboard.write('city', 'name', 'Bodø');
  await dashboard.press(`Revive ${leader}`);
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
  await dashboard.write('city', 'mayor', 'Ida');
  await dashboard.read('city', 'name');
  await dashboard.converged();
}

for (const colorScheme of ['dark', 'light'] as const) {
  test(`[U15] the ${colorScheme} page breaks no accessibility rule, healthy, degraded or without a quorum`, {
    tag: LONG_IN_LIGHT[colorScheme],
  }, async ({ dashboard }) => {
    await dashboard.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await dashboard.write('a', 'x', '1');
    expect(await violations(dashboard.page)).toEqual([]);
    await dashboard.press('Kill n1');
    await expect(dashboard.card('n1')).toHaveAttribute('data-up', 'false');
    expect(await violations(dashboard.page)).toEqual([]);
    await dashboard.press('Kill n2');
    await expect(dashboard.verdict).toHaveAttribute('data-state', 'no-quorum');
    expect(await violations(dashboard.page)).toEqual([]);
  });
}

test('[U138] a page whose picture is old breaks no accessibility rule, in both themes', async ({
  dashboard,
  server,
}) => {
  const { page, app } = dashboard;
  const stream = await lateStream(page, 0);
  for (const href of ['/', '/log', '/keys', '/metrics']) {
    stream.lateMs = 0;
    await page.goto(`${server.url}${href}?motion=off`);
    await expect(app).toHaveAttribute('data-conn', 'live');
    stream.lateMs = Number.POSITIVE_INFINITY;
    await expect(app).toHaveAttribute('data-conn', 'reconnecting');
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await violations(page)).toEqual([]);
    }
  }
});

test('[U141] a page that hears nothing calls no node silent, and tells its age where it covers nothing', async ({
  dashboard,
  server,
}) => {
  const { page, app } = dashboard;
  await page.setViewportSize({ width: 390, height: 844 });
  const stream = await lateStream(page, 0);
  await page.goto(`${server.url}/?motion=off`);
  await expect(app).toHaveAttribute('data-conn', 'live');
  stream.lateMs = Number.POSITIVE_INFINITY;
  const note = page
    .getByRole('main')
    .getByText(/^Last update ([5-9]|\d\d+) s ago, reconnecting/)
    .filter({ visible: true });
  await expect(note).toBeVisible();
  for (const node of NODES) await expect(dashboard.card(node)).not.toContainText('silent');
  await expect(page.getByTestId('view-mode')).toHaveText('NOT LIVE');
  const { y: top, height } = await boxOf(note);
  for (const above of ['Kill leader', 'Add node']) {
    const { y, height: tall } = await boxOf(page.getByRole('button', { name: above }));
    expect(y + tall, above).toBeLessThanOrEqual(top);
  }
  expect(top + height).toBeLessThanOrEqual((await boxOf(dashboard.card('n1'))).y);
  stream.lateMs = 0;
  await expect(app).toHaveAttribute('data-conn', 'live');
  await expect(page.getByTestId('view-mode')).toHaveText('LIVE');
});

test('[U16] at 390 px nothing is wider than the screen, and a node can be killed and revived', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  await page.setViewportSize({ width: 390, height: 844 });
  await expectWidth(page, 390);
  await dashboard.write('phone', 'long', 'W'.repeat(3000));
  await dashboard.read('phone', 'long');
  await expectWidth(page, 390);
  await dashboard.press('Kill n2');
  await expect(dashboard.card('n2')).toHaveAttribute('data-up', 'false');
  await expectWidth(page, 390);
  await dashboard.press('Revive n2');
  await expect(dashboard.card('n2')).toHaveAttribute('data-up', 'true');
});

test('[U16] at 1440 by 900 the whole page is seen without scrolling', async ({ dashboard }) => {
  await dashboard.write('a', 'x', '1');
  await expectSize(dashboard.page, 1440, 900);
});

test('[U17] with the keyboard alone a value is written, the leader killed and revived', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  const leader = await dashboard.leader();

  /** Tabs on until the control of this name has the focus, which must be visible. */
  async function tabTo(name: string): Promise<void> {
    const target = page.getByRole('button', { name, exact: true });
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press('Tab');
      if (await target.evaluate((element) => element === document.activeElement)) {
        const outline = await target.evaluate((element) => getComputedStyle(element).outlineStyle);
        expect(outline).not.toBe('none');
        return;
      }
    }
    throw new Error(`no Tab leads to ${name}`);
  }

  await page.getByTestId('write-form').getByRole('textbox', { name: 'Value' }).focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('typed');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('write-result')).toHaveAttribute('data-outcome', 'committed');

  // The number of a node leads to its card, from everywhere but where one types.
  await tabTo('Write');
  await page.keyboard.press(leader.slice(1));
  await expect(dashboard.card(leader)).toBeFocused();
  await tabTo(`Kill ${leader}`);
  await page.keyboard.press('Enter');
  await expect(dashboard.card(leader)).toHaveAttribute('data-up', 'false');
  await expect(dashboard.verdict).not.toHaveAttribute('data-leader', leader);
  await page.keyboard.press(leader.slice(1));
  await tabTo(`Revive ${leader}`);
  await page.keyboard.press('Space');
  await expect(dashboard.card(leader)).toHaveAttribute('data-up', 'true');
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
});

test('[U17] each key leads where the help says, from the slider too, and none from where one types', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  const read = page.getByTestId('read-form');
  await dashboard.write('shop', 'price', '10');
  await expect(read.getByRole('slider')).toBeEnabled();
  const places = [
    ['w', page.getByTestId('write-form').getByRole('textbox', { name: 'Key' })],
    ['r', read.getByRole('textbox', { name: 'Key' })],
    ['t', read.getByRole('textbox', { name: 'As of' })],
    ['2', dashboard.card('n2')],
  ] as const;
  for (const [key, place] of places) {
    await read.getByRole('slider').focus();
    await page.keyboard.press(key);
    await expect(place).toBeFocused();
  }
  const box = places[0][1];
  await box.fill('');
  await page.keyboard.type('rt2');
  await expect(box).toHaveValue('rt2');
});

test('[U18] pictures of both themes and of a phone', { tag: LONG }, async ({ dashboard }, info) => {
  const { page } = dashboard;
  await live(dashboard);
  await page.mouse.move(0, 0);
  for (const [name, colorScheme, width, height] of [
    ['light', 'light', 1440, 900],
    ['phone', 'dark', 390, 844],
    ['dark', 'dark', 1440, 900],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const picture = await page.screenshot({ path: info.outputPath(`${name}.png`) });
    expect(picture.length).toBeGreaterThan(20_000);
  }
});
