/** A node that the system stopped, as the page tells of it; on a server of this file's own, with nodes as processes. */
import { expect } from 'playwright/test';
import { testOnOwnServer } from './fixtures.ts';

const test = testOnOwnServer({ RUN_NODES_AS: 'processes' });

test('[U137] a leader that somebody stopped is not taken for one, and its silence is told until it goes on', async ({
  dashboard,
  server,
}) => {
  const old = await dashboard.leader();
  const { nodes } = await server.api.cluster();
  const pid = nodes.find(({ id }) => id === old)?.pid ?? Number.NaN;
  const card = dashboard.card(old);
  await expect(card).not.toContainText('silent');
  process.kill(pid, 'SIGSTOP');
  try {
    await expect(card).toContainText(/silent for \d+ s/);
    await expect(card).toHaveAttribute('aria-label', new RegExp(`Node ${old}: stale leader`));
    await dashboard.write('while', 'one', 'stands still');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await expect(card).not.toContainText('silent');
  await expect(card).toHaveAttribute('data-role', 'follower');
  await dashboard.converged();
});
