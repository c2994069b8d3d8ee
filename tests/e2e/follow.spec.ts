/** A write followed on its way, what becomes of it when nobody answers, and forms as commands. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Locator } from 'playwright/test';
import type { StepAnswer } from '../../contracts/pace.ts';
import { expect, NODES, test } from './fixtures.ts';
import type { Dashboard } from './fixtures.ts';
import { THEMES, expectSize, violations } from './pages.ts';
import type { ServerUnderTest } from './server.ts';

const MOST_STEPS = 60;

test.afterEach(async ({ server }) => {
  await server.api.request('PUT', '/api/v1/pace', { pace: 1 });
});

function step({ page }: Dashboard, id: string): Locator {
  return page.getByTestId('write-steps').locator(`[data-step=${id}]`);
}

async function expectSteps(dashboard: Dashboard, states: Record<string, string>): Promise<void> {
  for (const [id, state] of Object.entries(states))
    await expect(step(dashboard, id)).toHaveAttribute('data-state', state);
}

/** Pauses a cluster in which nothing is on its way, and sends a write: of what index, and to whom. */
async function writePaused(
  dashboard: Dashboard,
  server: ServerUnderTest,
): Promise<{ readonly index: number; readonly leader: string }> {
  await dashboard.converged(await dashboard.write('follow', 'me', 'before'));
  await server.api.request('PUT', '/api/v1/pace', { pace: 0 });
  await expect(dashboard.page.getByTestId('cluster-speed')).toHaveAttribute('data-pace', '0');
  // From here on nobody else can come to lead.
  const leader = await dashboard.leader();
  const last = await dashboard.converged();
  const form = dashboard.page.getByTestId('write-form');
  await form.getByRole('textbox', { name: 'Value' }).fill('after');
  await form.getByRole('button', { name: 'Write', exact: true }).click();
  await expect(step(dashboard, 'appended')).toContainText(`at index ${last + 1}`);
  return { index: last + 1, leader };
}

/** Lets one event after the other happen, up to one that is like this. */
async function stepUntil({ api }: ServerUnderTest, event: RegExp): Promise<void> {
  for (let i = 0; i < MOST_STEPS; i++) {
    const { happened } = (await api.request('POST', '/api/v1/pace/step')).body as StepAnswer;
    if (event.test(happened[0] ?? '')) return;
  }
  throw new Error(`no event of ${MOST_STEPS} is like ${event}`);
}

test('[U115] in a paused cluster the steps of a write light one by one, each with its proof', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const { index, leader } = await writePaused(dashboard, server);
  const result = page.getByTestId('write-result');
  await expectSteps(dashboard, {
    accepted: 'done',
    appended: 'done',
    acknowledged: 'begun',
    committed: 'ahead',
    applied: 'ahead',
  });
  await expect(step(dashboard, 'accepted')).toContainText(`by ${leader}`);
  await expect(result).toContainText(`Entry ${index}: on the way to`);
  for (const node of NODES)
    await expect(dashboard.card(node).locator('[data-followed=true]')).toHaveCount(1);

  await stepUntil(server, /^AppendEntries from .* arrives/);
  await expectSteps(dashboard, { acknowledged: 'done', committed: 'ahead', applied: 'ahead' });
  await expect(step(dashboard, 'acknowledged')).toContainText('2 of 3');
  await expect(result).toContainText('back from');
  await expect(result).toHaveAttribute('data-outcome', 'under-way');

  await stepUntil(server, /^AppendEntriesResponse from .* arrives/);
  await expectSteps(dashboard, { committed: 'done', applied: 'done' });
  await expect(step(dashboard, 'applied')).toContainText('on 1 of 3');
  await expect(result).toHaveAttribute('data-outcome', 'committed');
  await expect(result).toContainText(`revision ${index} at`);
  await expectSize(page, 1440, 900);

  await server.api.request('PUT', '/api/v1/pace', { pace: 1 });
  await expect(step(dashboard, 'applied')).toContainText('on 3 of 3');
});

test('[U116] a write whose quorum dies is unknown and never failed, and is told to be committed once its entry is', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  const { api } = server;
  const { index, leader } = await writePaused(dashboard, server);
  const others = NODES.filter((node) => node !== leader);
  for (const node of others) await api.kill(node);
  await api.request('PUT', '/api/v1/pace', { pace: 1 });
  const result = page.getByTestId('write-result');
  await expect(result).toHaveAttribute('data-outcome', 'unknown');
  await expect(result).toContainText(`? Unknown entry ${index} may be committed, now or later.`);
  await expect(result).not.toContainText(/fail|reject/i);
  await expectSteps(dashboard, { appended: 'done', acknowledged: 'begun', committed: 'ahead' });
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(page, '[data-testid=write-form]')).toEqual([]);
  }
  // With one of them only the node that has the entry can win; both could go on without it.
  const [one = '', other = ''] = others;
  await api.revive(one);
  await expect(result).toHaveAttribute('data-outcome', 'committed');
  await api.revive(other);
  await expect(result).toContainText(`after all: revision ${index} at`);
  await expectSteps(dashboard, { acknowledged: 'done', committed: 'done', applied: 'done' });
  expect((await api.history('follow', 'me')).versions.at(-1)).toMatchObject({
    revision: index,
    value: 'after',
  });
});

test('[U117] what the forms copy runs in a shell, and every form has it', async ({
  dashboard,
  context,
  server,
}) => {
  const { page } = dashboard;
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const copied = async (name: string): Promise<string> => {
    await page.getByRole('button', { name, exact: true }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/^curl /);
    const command = await page.evaluate(() => navigator.clipboard.readText());
    await page.evaluate(() => navigator.clipboard.writeText(''));
    return command;
  };
  const run = async (command: string): Promise<unknown> =>
    JSON.parse((await promisify(execFile)('sh', ['-c', command])).stdout) as unknown;
  const { revision } = await server.api.set('copied', 'it', 'first');
  await dashboard.read('copied', 'it');
  const form = page.getByTestId('write-form');
  await form.getByRole('textbox', { name: 'Value' }).fill(`it's $HOME`);
  expect(await run(await copied('Copy the write as curl'))).toMatchObject({ existed: true });
  expect(await run(await copied('Copy the read as curl'))).toMatchObject({ value: `it's $HOME` });
  expect(await run(await copied('Copy the history as curl'))).toMatchObject({
    versions: [{ value: `it's $HOME` }, { revision }],
  });
  await form.getByRole('button', { name: 'More' }).click();
  expect(await run(await copied('Copy the delete as curl'))).toMatchObject({ existed: true });

  await page.goto(`${server.url}/keys?key=copied&compare=rev+${revision}&motion=off`);
  await expect(dashboard.app).toHaveAttribute('data-conn', 'live');
  expect(await run(await copied('Copy the comparison as curl'))).toMatchObject({
    changes: [{ field: 'it' }],
  });
  expect(await copied('Copy the backup as curl')).toMatch(/\/api\/v1\/backup' -OJ$/);
  await page.getByRole('button', { name: 'Retention' }).click();
  await page.getByRole('textbox', { name: 'Versions to keep of each field' }).fill('900');
  // Not run: other tests of this server count versions.
  expect(await copied('Copy as curl')).toContain('"maxVersions":900');
  await page.goto(`${server.url}/chaos?motion=off`);
  await expect(dashboard.app).toHaveAttribute('data-conn', 'live');
  expect(await copied('Copy as curl')).toContain('"durationMs":30000');
});
