/** What is the same on every page: the rules for every eye and finger, the palette, the help, and the presentation. */
import { PAGES } from '../../components/nav/pages.ts';
import { expect, test } from './fixtures.ts';
import {
  LONG,
  THEMES,
  WIDTHS,
  expectWidth,
  keepPicture,
  smallTargets,
  violations,
} from './pages.ts';

for (const { id, href, name } of PAGES) {
  test(`[U111] ${name} breaks no rule, has no small target and is no wider than the screen, in both themes and widths`, async ({
    dashboard,
    server,
  }) => {
    const { page } = dashboard;
    await server.api.set('city', 'name', 'Oslo');
    await page.goto(`${server.url}${href}?motion=off`);
    await expect(dashboard.app).toHaveAttribute('data-conn', 'live');
    for (const size of WIDTHS) {
      await page.setViewportSize(size);
      for (const colorScheme of THEMES) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        expect(await violations(page)).toEqual([]);
        await keepPicture(page, `${id}-${size.name}-${colorScheme}`);
      }
      expect(await smallTargets(page)).toEqual([]);
      await expectWidth(page, size.width);
    }
  });
}

test('[U112] by keyboard alone the palette kills a node and copies the command, and barred actions say why', async ({
  dashboard,
  context,
  server,
}) => {
  const { page } = dashboard;
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const clipboard = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
  const box = page.getByRole('combobox', { name: 'Action, key or log index' });
  const option = (name: RegExp) => page.getByRole('option', { name });

  // From a box, too: Ctrl K is no letter.
  await page.getByTestId('write-form').getByRole('textbox', { name: 'Value' }).focus();
  await page.keyboard.press('Control+k');
  await expect(box).toBeFocused();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.type('kill n2');
  await expect(option(/^Kill n2$/)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Control+Enter');
  await expect.poll(clipboard).toBe(`curl -X POST '${server.url}/api/v1/nodes/n2/kill'`);
  await page.keyboard.press('Enter');
  await expect(box).toBeHidden();
  await expect(dashboard.card('n2')).toHaveAttribute('data-up', 'false');

  await page.keyboard.press('Control+k');
  await page.keyboard.type('kill n2');
  await expect(option(/It is not running/)).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('Enter');
  await expect(box).toBeFocused();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('revive');
  await page.keyboard.press('ArrowDown');
  await expect(option(/^Revive n2$/)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(dashboard.card('n2')).toHaveAttribute('data-up', 'true');
});

test('[U112] the palette leads to keys of the store, to entries of the log and to forms of other pages', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  await server.api.set('ship', 'name', 'Fram');
  const choose = async (typed: string, title: string): Promise<void> => {
    await page.getByRole('button', { name: 'Find an action or a key' }).click();
    await page.keyboard.type(typed);
    await page.getByRole('option', { name: title, exact: true }).click();
  };
  await choose('shi', 'Open key ship');
  await expect(page).toHaveURL(/\/keys\?key=ship/);
  await expect(page.getByTestId('keys-page')).toBeVisible();
  await choose('1', 'Go to index 1 of the log');
  await expect(page).toHaveURL(/\/log\?index=1/);
  await expect(page.getByTestId('log-page')).toBeVisible();
  await choose('get value', 'Read');
  await expect(page.getByTestId('read-form').getByRole('textbox', { name: 'Key' })).toBeFocused();
});

test('[U113] the help of each page lists the keys that work there', { tag: LONG }, async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const sheet = page.getByRole('dialog', { name: 'What you are looking at' });
  for (const [href, key, where] of [
    ['/', 'Kill the leader', true],
    ['/', 'Next change', false],
    ['/keys', 'Next change', true],
    ['/log', 'Present', true],
  ] as const) {
    await page.goto(`${server.url}${href}?motion=off`);
    await expect(dashboard.app).toHaveAttribute('data-conn', 'live');
    await page.keyboard.press('?');
    await expect(sheet.getByText('Dark or light')).toBeVisible();
    await expect(sheet.getByText(key, { exact: true })).toHaveCount(where ? 1 : 0);
  }
});

test('[U109] a presentation is begun, stepped through by a remote control, and left; a link opens it', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const shown = page.getByTestId('presentation');
  const stage = page.getByRole('region', { name: 'Cluster' });
  const log = page.getByRole('region', { name: 'Replicated log' });
  await page.keyboard.press('p');
  await expect(shown).toHaveAttribute('data-present', 'light');
  await expect(page).toHaveURL(/present=1/);
  await expect(page.getByRole('navigation', { name: 'Pages' })).toHaveCount(0);
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize)).toBe(
    '22px',
  );
  for (const [key, seesStage, seesLog] of [
    ['PageDown', true, false],
    ['PageDown', false, true],
    ['PageUp', true, false],
    ['.', true, true],
  ] as const) {
    await page.keyboard.press(key);
    await expect(stage).toHaveCount(seesStage ? 1 : 0);
    await expect(log).toHaveCount(seesLog ? 1 : 0);
  }
  await dashboard.leader();
  await page.keyboard.press('l');
  let killed = '';
  await expect
    .poll(async () => {
      const { nodes } = await server.api.cluster();
      return (killed = nodes.find(({ state }) => state === 'down')?.id ?? '');
    })
    .toMatch(/^n\d$/);
  await expect(page.getByTestId('subtitle')).toContainText(`${killed} was killed`);
  await page.keyboard.press('p');
  await expect(shown).toHaveCount(0);

  await page.goto(`${server.url}/?present=1&paper=dark&motion=off`);
  await expect(shown).toHaveAttribute('data-present', 'dark');
  await page.keyboard.press('d');
  await expect(shown).toHaveAttribute('data-present', 'light');
  for (const [width, height] of [
    [1280, 720],
    [1920, 1080],
  ] as const) {
    await page.setViewportSize({ width, height });
    expect(await violations(page)).toEqual([]);
    await keepPicture(page, `presentation-${width}`);
  }
  await page.mouse.move(300, 300);
  await expect(shown).toHaveAttribute('data-idle', 'false');
  await page.getByRole('button', { name: 'Leave presentation' }).click();
  await expect(page.getByTestId('write-form')).toBeVisible();
});

test('[U114] the theme has three states, and the first paint of the next page is in the chosen one', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  const root = page.locator('html');
  for (const [choice, theme] of [
    ['Light', 'light'],
    ['Dark', 'dark'],
    ['System', null],
  ] as const) {
    await page.getByRole('button', { name: 'Theme' }).click();
    await page.getByRole('menuitemradio', { name: new RegExp(`^${choice}`) }).click();
    const answer = await page.reload({ waitUntil: 'commit' });
    const html = (await answer?.text()) ?? '';
    expect(/data-theme="(\w+)"/.exec(html)?.[1] ?? null).toBe(theme);
    await expect(dashboard.app).toHaveAttribute('data-conn', 'live');
    if (theme === null) await expect(root).not.toHaveAttribute('data-theme');
    else await expect(root).toHaveAttribute('data-theme', theme);
    await page.getByRole('button', { name: 'Theme' }).click();
    await expect(
      page.getByRole('menuitemradio', { name: new RegExp(`^${choice}`) }),
    ).toHaveAttribute('aria-checked', 'true');
    await page.keyboard.press('Escape');
  }
});
