/** The time bar of a long recording: made here, so that nobody has to wait for it. */
import type { Lanes, RecordingHeader } from '../../contracts/recording.ts';
import { writeLine } from '../../contracts/recording-lines.ts';
import { ClusterView } from '../../contracts/view.ts';
import type { EventView } from '../../contracts/view.ts';
import { expect, test } from './fixtures.ts';
import type { ServerUnderTest } from './server.ts';
import { THEMES, expectWidth, violations } from './pages.ts';

const FROM_MS = Date.UTC(2026, 0, 2, 3, 0);
const LENGTH_MS = 600_000;
/** Between them five idle minutes, but for a second at each end. */
const MOMENTS_MS = [30_000, 330_000].map((ms) => FROM_MS + ms);

/** Ten minutes with two events, and the second after each full of work. */
async function longRecording(
  server: ServerUnderTest,
  moments: readonly number[] = MOMENTS_MS,
): Promise<string> {
  const view = ClusterView.parse((await server.api.request('GET', '/api/v1/cluster')).body);
  const events = moments.map(
    (atMs, i): EventView => ({
      seq: i + 1,
      atMs,
      kind: 'node-killed',
      node: 'n1',
      term: null,
      index: null,
      text: `n1 was killed for the ${i + 1}. time`,
    }),
  );
  const lanes: Lanes = {
    leaders: [{ fromMs: FROM_MS, toMs: FROM_MS + LENGTH_MS, node: 'n2', term: 3 }],
    faults: [],
    failed: [],
    busy: moments.map((fromMs) => ({ fromMs, toMs: fromMs + 1000 })),
    events,
  };
  const header: RecordingHeader = {
    format: 'chronoraft-recording',
    version: 1,
    cluster: view.clusterId,
    epoch: 'long',
    madeAtMs: FROM_MS + LENGTH_MS,
  };
  const first = { ...view, epoch: 'long', seq: 1, atMs: FROM_MS, events: [] };
  const patches = events.map((event, i) => ({
    epoch: 'long',
    seq: i + 2,
    atMs: event.atMs,
    events: [event],
  }));
  const [fromMs, toMs] = [FROM_MS, FROM_MS + LENGTH_MS];
  const head = { segment: 1, fromMs, toMs, seq: 1, patches: moments.length, lanes, view: first };
  const end = { end: true, segments: 1, patches: moments.length };
  return [header, head, ...patches, end].map((line) => `${writeLine(line)}\n`).join('');
}

test('[U128] idle minutes are narrow marks with their length, and a moment stays where it is in time', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const text = await longRecording(server);
  await page.getByLabel('Recording file').setInputFiles({
    name: 'long.ndjson',
    mimeType: 'application/x-ndjson',
    buffer: Buffer.from(text),
  });
  await expect(page.getByTestId('view-note')).toHaveText('from long.ndjson');
  const slider = page.getByRole('slider', { name: 'View time' });
  const time = page.getByTestId('view-time');
  const marks = page.getByTestId('fold-mark');
  // Before the first event, between the two, and after the second.
  await expect(marks).toHaveCount(3);
  const middle = page.getByRole('button', {
    name: 'Idle for 4 min 57 s, from 03:00:32 to 03:05:29 UTC. Unfold',
  });
  await middle.focus();
  await expect(page.getByText('Idle for 4 min 57 s', { exact: false })).toBeVisible();

  // By event, over what is folded; the thumb goes with it, a short way.
  await page.getByTestId('view-mode').click();
  await page.keyboard.press('ArrowRight');
  await expect(time).toHaveAttribute('data-at-ms', String(MOMENTS_MS[0]));
  const before = Number(await slider.inputValue());
  await page.keyboard.press('ArrowRight');
  await expect(time).toHaveAttribute('data-at-ms', String(MOMENTS_MS[1]));
  const after = Number(await slider.inputValue());
  expect(after - before).toBeLessThan(10_000);
  // By hand: to where it was, and to the middle of the fold, which is between two and one seconds that are shown.
  await slider.fill(String(before));
  await expect(time).toHaveAttribute('data-at-ms', String(MOMENTS_MS[0]));
  await slider.fill(String(before + 2000 + (after - before - 3000) / 2));
  await expect(slider).toHaveAttribute('aria-valuetext', /n2 led term 3, idle for 4 min 57 s$/);
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(page, '[data-testid=time-bar]')).toEqual([]);
  }

  await slider.fill(String(after));
  await middle.press('Enter');
  await expect(marks).toHaveCount(0);
  await expect(time).toHaveAttribute('data-at-ms', String(MOMENTS_MS[1]));
  await expect(slider).toHaveValue(String(MOMENTS_MS[1]));
  await dashboard.press('Fold idle stretches');
  await expect(slider).toHaveValue(String(after));
  await page.setViewportSize({ width: 390, height: 844 });
  await marks.last().focus();
  await expectWidth(page, 390);
});

test('[U128] marks that are too close to be hit apart are one target, which tells of each', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  // A moment of work each minute: the marks stand close.
  const moments = Array.from({ length: 9 }, (_, i) => FROM_MS + (i + 1) * 60_000);
  await page.getByLabel('Recording file').setInputFiles({
    name: 'often.ndjson',
    mimeType: 'application/x-ndjson',
    buffer: Buffer.from(await longRecording(server, moments)),
  });
  await expect(page.getByTestId('view-note')).toHaveText('from often.ndjson');
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    await expect(page.getByTestId('fold-mark').first()).toBeVisible();
    await expect
      .poll(() => violations(page, '[data-testid=time-bar]'), `broken rules at ${width} px`)
      .toEqual([]);
  }
  const together = page.getByTestId('fold-mark').first();
  await expect(together).toHaveAccessibleName(/^Idle for .* UTC; Idle for .* UTC\. Unfold$/);
});

test('[U129] an event of the feed leads to its moment while the page looks back', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const feed = page.getByTestId('event-feed');
  await expect(feed.getByRole('listitem').first()).toBeVisible();
  await expect(feed.getByRole('button')).toHaveCount(0);
  await page.getByLabel('Recording file').setInputFiles({
    name: 'long.ndjson',
    mimeType: 'application/x-ndjson',
    buffer: Buffer.from(await longRecording(server)),
  });
  const slider = page.getByRole('slider', { name: 'View time' });
  await expect(page.getByTestId('view-note')).toHaveText('from long.ndjson');
  await slider.press('End');
  const time = page.getByTestId('view-time');
  await expect(time).toHaveAttribute('data-at-ms', String(FROM_MS + LENGTH_MS));
  await feed.getByRole('button', { name: /^Go to 03:00:30.000: n1 was killed for the 1/ }).click();
  await expect(time).toHaveAttribute('data-at-ms', String(MOMENTS_MS[0]));
  await expect(feed.getByRole('listitem')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(feed.getByRole('button')).toHaveCount(0);
});
