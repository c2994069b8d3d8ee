/** Two people look at one cluster: what one does the other sees, and both are told the same. */
import { Dashboard, expect, NODES, test } from './fixtures.ts';

/** Newest lines of the feed that are compared. */
const LINES = 8;

test('[U123] what one browser does the other shows, and at rest both say the same of nodes, commits and events', async ({
  dashboard: mine,
  browser,
  server,
}) => {
  const context = await browser.newContext();
  const theirs = new Dashboard(await context.newPage());
  await theirs.open(server.url);
  const leader = await theirs.leader();
  const [first = '', second = ''] = NODES.filter((node) => node !== leader);

  const revision = await mine.write('two', 'eyes', 'seen');
  for (const node of NODES)
    await expect(theirs.page.getByTestId(`log-cell-${node}-${revision}`)).toHaveAttribute(
      'data-state',
      'applied',
    );
  await theirs.page.getByRole('switch', { name: `Link ${first} to ${second}` }).click();
  await expect(mine.page.getByTestId(`link-${first}-${second}`)).toHaveAttribute(
    'data-state',
    'cut',
  );
  await theirs.page
    .getByTestId('cluster-speed')
    .getByRole('radio', { name: '1/4', exact: true })
    .click();
  await expect(mine.page.getByTestId('cluster-speed')).toHaveAttribute('data-pace', '0.25');
  await expect(mine.verdict).toContainText('at 1/4 speed');
  await mine.page
    .getByTestId('cluster-speed')
    .getByRole('radio', { name: '1x', exact: true })
    .click();
  await expect(theirs.page.getByTestId('cluster-speed')).toHaveAttribute('data-pace', '1');
  await mine.page.getByTestId(`link-${first}-${second}`).click();
  await expect(theirs.page.getByTestId(`link-${first}-${second}`)).toHaveAttribute(
    'data-state',
    'up',
  );
  await mine.press(`Kill ${leader}`);
  await expect(theirs.card(leader)).toHaveAttribute('data-up', 'false');
  await expect(theirs.verdict).toHaveAttribute('data-state', 'degraded');
  await theirs.press(`Revive ${leader}`);
  await expect(mine.verdict).toHaveAttribute('data-state', 'healthy');

  const last = await theirs.write('two', 'eyes', 'seen again');
  for (const each of [mine, theirs]) await each.converged(last);
  await expect
    .poll(async () => {
      const [here, there] = await Promise.all([told(mine), told(theirs)]);
      return here === there ? 'the same' : `${here}\n${there}`;
    })
    .toBe('the same');
  await context.close();
});

/** All that a page says of who leads, of each node, and of what happened last. */
async function told({ page, verdict }: Dashboard): Promise<string> {
  const cards = page.locator('[data-testid^=node-card-]');
  const lines = page.getByTestId('event-feed').locator('[data-testid^=event-]');
  const parts = await Promise.all([
    verdict.textContent(),
    cards.evaluateAll((all) =>
      all.map(({ dataset }) =>
        ['node', 'role', 'up', 'term', 'commit', 'applied', 'last']
          .map((name) => `${name} ${dataset[name]}`)
          .join(', '),
      ),
    ),
    lines.evaluateAll(
      (all, count) =>
        all
          .slice(0, count)
          .map(({ dataset, textContent }) => `${dataset['testid']} ${textContent}`),
      LINES,
    ),
  ]);
  return parts.flat().join('\n');
}
