/** A disk that was damaged while the server was down, as the page tells of it; on servers of this file's own. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'playwright/test';
import type { Locator } from 'playwright/test';
import { testOnOwnServer } from './fixtures.ts';
import { keepPicture, smallTargets, violations } from './pages.ts';
import type { ServerUnderTest } from './server.ts';

const test = testOnOwnServer();

/** One bit, in the middle of the node's write-ahead log. */
function damage(server: ServerUnderTest, node: string): void {
  const file = path.join(server.dataDir, `${node}.db-wal`);
  const bytes = readFileSync(file);
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  writeFileSync(file, bytes);
}

/** Scrolled into view: does a finger on its middle press it? */
function isOnTop(button: Locator): Promise<boolean> {
  return button.evaluate((element) => {
    element.scrollIntoView({ block: 'center', behavior: 'instant' });
    const { left, top, width, height } = element.getBoundingClientRect();
    return element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  });
}

test('[U135] a node whose disk was damaged says so on its card, and one press puts a new one in its place', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  await dashboard.write('city', 'name', 'Oslo');
  await server.end('SIGKILL');
  damage(server, 'n2');
  await server.start();
  await dashboard.open(server.url);
  await dashboard.leader();
  const told = page.getByTestId('refused-n2');
  await expect(told).toHaveAttribute('data-refusal', 'rolled-back');
  await expect(told).toContainText(
    'Its database may be older than it was: it may not vote or answer.',
  );
  await expect(dashboard.card('n2')).toHaveAttribute('data-up', 'false');
  expect((await dashboard.read('city', 'name')).value).toBe('Oslo');
  expect(await violations(page)).toEqual([]);
  expect(await smallTargets(page)).toEqual([]);
  await keepPicture(page, 'store-refused');

  // On a phone nothing may lie over what helps.
  const wide = page.viewportSize() ?? { width: 1440, height: 900 };
  await page.setViewportSize({ width: 390, height: 844 });
  await expect.poll(() => isOnTop(page.getByRole('button', { name: 'Replace n2' }))).toBe(true);
  await page.setViewportSize(wide);

  await dashboard.press('Replace n2');
  await expect(dashboard.card('n2')).toHaveCount(0);
  await expect(dashboard.card('n4')).toHaveAttribute('data-membership', 'voter');
  await expect(page.getByText('n4 stands in the place of n2')).toBeVisible();
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
  // What was damaged is left for whoever wants to look at it.
  expect(readdirSync(server.dataDir)).toContain('n2.db');
  expect((await dashboard.read('city', 'name')).value).toBe('Oslo');
});

test('[U136] where most disks are damaged the cards say what is left to do, and offer nothing that would not help', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  await dashboard.write('city', 'name', 'Oslo');
  await server.end('SIGKILL');
  damage(server, 'n2');
  rmSync(path.join(server.dataDir, 'n3.db-mark'));
  await server.start();
  await dashboard.open(server.url);
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'no-quorum');
  for (const node of ['n2', 'n3']) {
    const told = page.getByTestId(`refused-${node}`);
    await expect(told).toContainText('put its own files back, or restore a backup');
    await expect(told.getByRole('button')).toHaveCount(0);
  }
  await keepPicture(page, 'stores-refused');
});
