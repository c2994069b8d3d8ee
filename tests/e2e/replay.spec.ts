/** The time bar: the page as it was at any moment that is kept, and back. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright/test';
import { RecordingAnswer } from '../../contracts/recording.ts';
import { expect, testOnNewServer as test } from './fixtures.ts';
import type { Dashboard } from './fixtures.ts';
import type { ServerUnderTest } from './server.ts';
import { expectSize, expectWidth, violations } from './pages.ts';

interface Kill {
  readonly leader: string;
  /** Server ms at which the view first showed it. */
  readonly atMs: number;
}

/** Kills the leader and waits for the next one. */
async function killLeader(dashboard: Dashboard, server: ServerUnderTest): Promise<Kill> {
  const leader = await dashboard.leader();
  await dashboard.press(`Kill ${leader}`);
  await expect(dashboard.verdict).not.toHaveAttribute('data-leader', leader);
  await expect(dashboard.verdict).toHaveAttribute('data-leader', /^n\d$/);
  const { body } = await server.api.request('GET', '/api/v1/recording');
  const events = RecordingAnswer.parse(body).segments.flatMap(({ lanes }) => lanes.events);
  const kill = events.findLast(({ kind }) => kind === 'node-killed');
  if (kill === undefined) throw new Error('the kill is not recorded');
  return { leader, atMs: kill.atMs };
}

function slider(page: Page) {
  return page.getByRole('slider', { name: 'View time' });
}

/** The bar learns every two seconds how far the recording goes. */
async function scrubTo(page: Page, ms: number): Promise<void> {
  // To one scale, so that the slider's value is a time.
  const folds = page.getByRole('button', { name: 'Fold idle stretches' });
  if ((await folds.getAttribute('aria-pressed')) === 'true') await folds.click();
  await expect(folds).toHaveAttribute('aria-pressed', 'false');
  await expect
    .poll(async () => Number(await slider(page).getAttribute('max')))
    .toBeGreaterThanOrEqual(ms);
  await slider(page).fill(String(ms));
  await expect(page.getByTestId('view-time')).toHaveAttribute('data-at-ms', String(ms));
}

test('[U83] before the kill the page shows the leader of then, and nothing can be done but look', async ({
  dashboard,
  server,
}) => {
  const { page, app } = dashboard;
  const written = await dashboard.write('replay', 'x', 'before');
  await dashboard.read('replay', 'x');
  const last = await dashboard.converged(written);
  const { leader, atMs } = await killLeader(dashboard, server);
  await dashboard.write('replay', 'x', 'after');
  const place = await dashboard.card('n1').boundingBox();

  await scrubTo(page, atMs - 50);
  await expect(app).toHaveAttribute('data-view', 'replay');
  await expect(dashboard.card(leader)).toHaveAttribute('data-role', 'leader');
  await expect(dashboard.card(leader)).toHaveAttribute('data-up', 'true');
  await expect(dashboard.card(leader)).toHaveAttribute('data-last', String(last));
  await expect(dashboard.verdict).toHaveAttribute('data-leader', leader);
  await expect(page.getByTestId('view-mode')).toHaveText('REPLAY');
  for (const name of [`Kill ${leader}`, 'Kill leader', 'Write']) {
    const button = page.getByRole('button', { name, exact: true });
    await expect(button).toHaveAttribute('aria-disabled', 'true');
    await expect(button).toHaveAttribute(
      'title',
      /^You are looking at \d\d:\d\d:\d\d\. Back to live \(Esc\)$/,
    );
  }
  // The field that was read is read as of then, by itself.
  await expect(page.getByTestId('read-result')).toHaveAttribute('data-value', '"before"');
  const versions = page.getByRole('list', { name: 'Versions, newest first' });
  await expect(versions.getByRole('listitem')).toHaveCount(1);
  await expect.poll(() => dashboard.card('n1').boundingBox()).toEqual(place);
  await page.keyboard.press('ArrowRight');
  await expect(dashboard.card(leader)).toHaveAttribute('data-up', 'false');
  await expect(slider(page)).toHaveAttribute('aria-valuetext', new RegExp(`${leader} down`));

  await page.keyboard.press('Escape');
  await expect(app).toHaveAttribute('data-view', 'live');
  await expect(dashboard.card(leader)).toHaveAttribute('data-up', 'false');
  await expect(page.getByTestId('read-result')).toHaveAttribute('data-value', '"after"');
  await dashboard.press(`Revive ${leader}`);
  await expect(dashboard.card(leader)).toHaveAttribute('data-up', 'true');
});

test('[U84] a view that is held still says how far it is behind, and is back at once', async ({
  dashboard,
  server,
}) => {
  const { page, app } = dashboard;
  const leader = await dashboard.leader();
  const follower = leader === 'n1' ? 'n2' : 'n1';
  await page.keyboard.press('Space');
  await expect(app).toHaveAttribute('data-view', 'paused');
  const behind = async (): Promise<number> =>
    Number(
      /^(\d+) events? behind$/.exec((await page.getByTestId('view-note').textContent()) ?? '')?.[1],
    );
  // What went before may still be told of.
  await expect.poll(behind).toBeGreaterThanOrEqual(0);
  const before = await behind();
  await server.api.kill(follower);
  await expect.poll(behind).toBeGreaterThan(before);
  await expect(dashboard.card(follower)).toHaveAttribute('data-up', 'true');
  await page.keyboard.press('Space');
  await expect(dashboard.card(follower)).toHaveAttribute('data-up', 'false');
  await expect(app).toHaveAttribute('data-view', 'live');
});

test('[U85] an exported recording is replayed on another page, and a link opens at its moment', async ({
  dashboard,
  server,
  context,
}) => {
  const { page } = dashboard;
  const { leader, atMs } = await killLeader(dashboard, server);
  await scrubTo(page, atMs - 50);
  await dashboard.press('Recording');
  await page.getByRole('menuitem', { name: /^Copy link/ }).click();
  await expect(page).toHaveURL(/[?&]t=\d+/);
  const link = page.url();
  await page.keyboard.press('Escape');
  await dashboard.press('Recording');
  const downloading = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: /^Export recording/ }).click();
  const file = await readFile(await (await downloading).path(), 'utf8');

  const other = await context.newPage();
  await other.goto(link);
  await expect(other.getByTestId('app')).toHaveAttribute('data-view', 'replay');
  await expect(other.getByTestId(`node-card-${leader}`)).toHaveAttribute('data-role', 'leader');
  await other.goto(link.replace(/t=\d+/, 't=1000'));
  await expect(other.getByTestId('view-problem')).toContainText('is no longer kept');
  await expect(other.getByTestId('app')).toHaveAttribute('data-view', 'live');

  const chooser = other.getByLabel('Recording file');
  const choose = (text: string) =>
    chooser.setInputFiles({
      name: 'r.ndjson',
      mimeType: 'application/x-ndjson',
      buffer: Buffer.from(text),
    });
  await choose(file.replace('"role"', '"rule"'));
  await expect(other.getByTestId('view-problem')).toContainText('damaged: line 2');
  await choose(file);
  await expect(other.getByTestId('view-note')).toHaveText('from r.ndjson');
  await scrubTo(other, atMs);
  await expect(other.getByTestId(`node-card-${leader}`)).toHaveAttribute('data-up', 'false');
  await other.getByRole('button', { name: 'Back to live' }).click();
  await expect(other.getByTestId('app')).toHaveAttribute('data-view', 'live');
});

test('[U86] the bar shows terms, gaps and faults, in both themes, and fits a phone', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const before = await dashboard.term();
  const { leader, atMs } = await killLeader(dashboard, server);
  await scrubTo(page, atMs);
  const bar = page.getByTestId('time-bar');
  await expect(
    bar.locator(`[data-lane=leader][data-leader=${leader}][data-term="${before}"]`),
  ).toHaveCount(1);
  await expect(bar.locator('[data-lane=leader][data-leader=""]').last()).toHaveAttribute(
    'title',
    /^no leader: /,
  );
  await expect(bar.locator(`[data-lane=fault][data-what=${leader}]`).last()).toHaveAttribute(
    'title',
    new RegExp(`^${leader} down: `),
  );
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(page)).toEqual([]);
  }
  await expectSize(page, 1440, 900);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectWidth(page, 390);
  await expect(bar).toBeInViewport();
  await page.getByRole('button', { name: 'Back to live' }).click();
  await expect(dashboard.app).toHaveAttribute('data-view', 'live');
});
