/**
 * `npm run pictures`: makes the README's picture and its moving picture anew, of
 * a real server in a real browser. Nothing is drawn and nothing is cut: what is
 * seen took as long as it takes, at the cluster speed that the page shows.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureBrowser } from './browser.mjs';
import { ensureBuilt } from './build.mjs';
import { withServer } from './picture-server.mjs';
import { main, PlainError, root, say } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

const FOLDER = join(root, 'docs', 'images');
/** Of the moving picture: frames nearer to each other are left out, ms. */
const FRAME_MS = 80;
/** Its last frame stays so long before it begins again, ms. */
const LAST_MS = 1600;
/** Beyond this the machine was too busy for a picture of it, ms. */
const LONGEST_MS = 12_000;
const MOST_BYTES = 3 * 1024 ** 2;

await main(async () => {
  await ensureInstalled();
  await ensureBuilt();
  const executablePath = await ensureBrowser();
  const { chromium } = await import('playwright');
  await mkdir(FOLDER, { recursive: true });
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    await withServer({ HEARTBEAT_MS: '50', ELECTION_TIMEOUT_MS: '600' }, (server) =>
      takePicture(browser, server),
    );
    // Short, so that the silence before an election is no long one at a tenth of the speed.
    await withServer({ HEARTBEAT_MS: '40', ELECTION_TIMEOUT_MS: '160' }, (server) =>
      takeMovingPicture(browser, server),
    );
  } finally {
    await browser.close();
  }
});

// --- the picture -------------------------------------------------------------

/** Values with a past, and a leader that was replaced. */
async function takePicture(browser, server) {
  const page = await openPage(browser, `${server.url}/`, { width: 1440, height: 900 });
  for (const value of ['Oslo', 'Bergen', 'Tromsø']) await server.write('city', 'name', value);
  const leader = await server.leader();
  await server.call('POST', `/api/v1/nodes/${leader}/kill`);
  await server.leader(leader);
  await server.write('city', 'name', 'Bodø');
  await server.call('POST', `/api/v1/nodes/${leader}/revive`);
  await server.whole();
  await fill(page, 'write-form', { Key: 'city', Field: 'name', Value: 'Hammerfest' }, 'Write');
  await page.locator('[data-testid=write-result][data-outcome=committed]').waitFor();
  await fill(page, 'read-form', { Key: 'city', Field: 'name' }, 'Read');
  await page.locator('[data-testid=read-result][data-found=true]').waitFor();
  // Until the charts and the links have counted a second of it.
  await sleep(2500);
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(FOLDER, 'dashboard.png') });
  await page.close();
  say('docs/images/dashboard.png');
}

async function fill(page, form, fields, button) {
  const place = page.getByTestId(form);
  for (const [name, text] of Object.entries(fields))
    await place.getByRole('textbox', { name }).fill(text);
  await place.getByRole('button', { name: button, exact: true }).click();
}

// --- the moving picture --------------------------------------------------------

/** A leader is killed while a write is on its way; the others elect one, writes go on, and it comes back. */
async function takeMovingPicture(browser, server) {
  const { default: sharp } = await import('sharp');
  const address = `${server.url}/?present=1&paper=dark`;
  const page = await openPage(browser, address, { width: 1280, height: 720 });
  for (const stock of ['12', '11', '10']) await server.write('shop', 'stock', stock);
  await server.pace(0.1);
  const recording = await record(page);
  await sleep(700);
  const leader = await server.leader();
  // The answer may be that it is unknown whether it was done: that is the story.
  const asked = server.write('shop', 'stock', '9').catch(() => null);
  await server.until((view) =>
    view.transit.some(({ from, entries }) => from === leader && entries),
  );
  await sleep(120);
  await server.call('POST', `/api/v1/nodes/${leader}/kill`);
  await server.leader(leader);
  await server.pace(0.25);
  for (const stock of ['8', '7']) await server.write('shop', 'stock', stock);
  await server.call('POST', `/api/v1/nodes/${leader}/revive`);
  await server.pace(1);
  await server.write('shop', 'stock', '6');
  await server.whole();
  await sleep(1200);
  const frames = await recording.end();
  await asked;
  await page.close();

  const delay = frames.map(({ atMs }, i) =>
    i + 1 < frames.length ? Math.round(frames[i + 1].atMs - atMs) : LAST_MS,
  );
  const tookMs = delay.reduce((sum, ms) => sum + ms, 0);
  const picture = await sharp(
    frames.map(({ png }) => png),
    { join: { animated: true } },
  )
    .webp({ quality: 72, effort: 5, loop: 0, delay })
    .toBuffer();
  const size = `${(tookMs / 1000).toFixed(1)} s in ${frames.length} frames, ${Math.round(picture.length / 1024)} KiB`;
  if (tookMs > LONGEST_MS)
    throw new PlainError(`it took ${size}: run it again when the machine is quiet.`);
  if (picture.length > MOST_BYTES)
    throw new PlainError(`the moving picture is too large: ${size}.`);
  await writeFile(join(FOLDER, 'failover.webp'), picture);
  say(`docs/images/failover.webp: ${size}`);
}

/** Keeps what the browser paints, with the time of each frame. */
async function record(page) {
  const session = await page.context().newCDPSession(page);
  const frames = [];
  session.on('Page.screencastFrame', ({ data, sessionId, metadata }) => {
    const atMs = metadata.timestamp * 1000;
    const last = frames.at(-1);
    if (last === undefined || atMs - last.atMs >= FRAME_MS)
      frames.push({ atMs, png: Buffer.from(data, 'base64') });
    // Refused once the page is gone, when no more frames are wanted.
    session.send('Page.screencastFrameAck', { sessionId }).catch(() => {});
  });
  await session.send('Page.startScreencast', { format: 'png' });
  return {
    async end() {
      await session.send('Page.stopScreencast');
      await session.detach();
      if (frames.length === 0) throw new PlainError('the browser gave no frames.');
      return frames;
    },
  };
}

async function openPage(browser, address, viewport) {
  const page = await browser.newPage({ viewport, colorScheme: 'dark' });
  await page.goto(address);
  await page.locator('[data-testid=app][data-conn=live]').waitFor();
  await page.locator('[data-testid=cluster-verdict][data-state=healthy]').waitFor();
  return page;
}
