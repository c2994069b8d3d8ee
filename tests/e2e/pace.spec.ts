/** The cluster's speed, and its messages on their way, as a person sees and holds them. */
import type { Locator } from 'playwright/test';
import { expect, test } from './fixtures.ts';
import type { Dashboard } from './fixtures.ts';
import { expectSize, expectWidth, violations } from './pages.ts';

test.afterEach(async ({ server }) => {
  await server.api.request('PUT', '/api/v1/pace', { pace: 1 });
});

function bar({ page }: Dashboard): Locator {
  return page.getByTestId('cluster-speed');
}

async function choose(dashboard: Dashboard, name: string, pace: string): Promise<void> {
  await bar(dashboard).getByRole('radio', { name, exact: true }).click();
  await expect(bar(dashboard)).toHaveAttribute('data-pace', pace);
}

/** Sends a write and waits for nothing. */
async function begin({ page }: Dashboard, value: string): Promise<void> {
  const form = page.getByTestId('write-form');
  await form.getByRole('textbox', { name: 'Value' }).fill(value);
  await form.getByRole('button', { name: 'Write', exact: true }).click();
}

test('[U65] a paused cluster keeps a write waiting, steps by one event, and goes on', async ({
  dashboard,
}) => {
  const { page, verdict } = dashboard;
  await dashboard.write('city', 'name', 'Oslo');
  const step = bar(dashboard).getByRole('button', { name: 'Step the cluster' });
  await expect(step).toHaveAttribute('aria-disabled', 'true');
  await choose(dashboard, '1/10', '0.1');
  await expect(verdict).toContainText('at 1/10 speed');
  // From one choice to the next by keyboard: 1/40, then the pause.
  await page.keyboard.press('ArrowRight');
  await expect(bar(dashboard)).toHaveAttribute('data-pace', '0.025');
  await page.keyboard.press('ArrowRight');
  await expect(bar(dashboard)).toHaveAttribute('data-pace', '0');
  await expect(verdict).toContainText('paused for everyone');
  await begin(dashboard, 'Bergen');
  const result = page.getByTestId('write-result');
  await expect(result).toHaveAttribute('data-outcome', 'under-way');
  await expect(result).toContainText('the cluster is paused');
  await step.click();
  await expect(page.getByTestId('step-told')).toContainText(/arrives at|sends/);
  await expect(page.getByTestId('event-feed')).toContainText('Step: ');
  await expect(result).toHaveAttribute('data-outcome', 'under-way');
  await choose(dashboard, '1x', '1');
  await expect(result).toHaveAttribute('data-outcome', 'committed');
  await expect(verdict).not.toContainText('speed');
});

test('[U66] a message on its way is opened, read and dropped, and its entry comes again', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  // What carries this write must have arrived everywhere, or it would be counted below.
  await dashboard.converged(await dashboard.write('city', 'name', 'Oslo'));
  await choose(dashboard, 'Pause', '0');
  await begin(dashboard, 'Lost');
  const carrier = page.locator('[data-packet][data-type=AppendEntries]');
  await expect(carrier).toHaveCount(2);
  await carrier.first().click({ position: { x: 4, y: 15 } });
  const fields = page.getByTestId('packet-fields');
  await expect(fields).toContainText('prevLogIndex');
  await expect(fields).toContainText('Lost');
  await fields.getByRole('button', { name: 'Drop' }).click();
  await expect(fields).toHaveAttribute('data-on-the-way', 'false');
  await page.keyboard.press('Escape');
  await expect(carrier).toHaveCount(1);
  await bar(dashboard)
    .getByRole('button', { name: /on the way$/ })
    .click();
  await page
    .getByTestId('packet-list')
    .getByRole('button', { name: /AppendEntries/ })
    .click();
  await fields.getByRole('button', { name: 'Drop' }).click();
  await expect(fields).toHaveAttribute('data-on-the-way', 'false');
  await page.keyboard.press('Escape');
  await expect(carrier).toHaveCount(0);
  await expect(page.getByTestId('event-feed')).toContainText('was dropped by hand');
  await choose(dashboard, '1x', '1');
  await expect(page.getByTestId('write-result')).toHaveAttribute('data-outcome', 'committed');
  await dashboard.converged();
});

test('[U67] a paused page is for every eye and every width, with a message open as well', async ({
  dashboard,
}) => {
  const { page } = dashboard;
  await choose(dashboard, '1/10', '0.1');
  await expect(bar(dashboard).getByRole('button', { name: /[1-9] on the way$/ })).toBeVisible();
  await choose(dashboard, 'Pause', '0');
  await expectSize(page, 1440, 900);
  const dialog = page.getByRole('dialog', { name: 'Messages on their way' });
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(dashboard.page, '[data-testid=cluster-speed]')).toEqual([]);
    await bar(dashboard)
      .getByRole('button', { name: /on the way$/ })
      .click();
    await expect(dialog).toBeVisible();
    expect(await violations(dashboard.page, 'dialog[open]')).toEqual([]);
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await expectWidth(page, 390);
});
