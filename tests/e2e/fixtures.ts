/** One server for each test file's worker; each test finds a healed cluster of three and an open page. */
import { test as base, expect } from 'playwright/test';
import type { Locator, Page } from 'playwright/test';
import { ServerUnderTest } from './server.ts';

export const NODES = ['n1', 'n2', 'n3'] as const;

/** The page, in the words of the person who looks at it. */
export class Dashboard {
  readonly page: Page;
  readonly app: Locator;
  readonly verdict: Locator;

  constructor(page: Page) {
    this.page = page;
    this.app = page.getByTestId('app');
    this.verdict = page.getByTestId('cluster-verdict');
  }

  async open(url: string): Promise<void> {
    await this.page.goto(`${url}/?motion=off`);
    await expect(this.app).toHaveAttribute('data-conn', 'live');
  }

  card(node: string): Locator {
    return this.page.getByTestId(`node-card-${node}`);
  }

  async press(action: string): Promise<void> {
    await this.page.getByRole('button', { name: action, exact: true }).click();
  }

  /** The leader that a quorum agrees on, once there is one. */
  async leader(): Promise<string> {
    let leader = '';
    await expect
      .poll(async () => (leader = (await this.verdict.getAttribute('data-leader')) ?? ''))
      .toMatch(/^n\d$/);
    return leader;
  }

  async number(locator: Locator, attribute: string): Promise<number> {
    return Number(await locator.getAttribute(attribute));
  }

  async term(): Promise<number> {
    return this.number(this.verdict, 'data-term');
  }

  /** Fills the write form and sends it; returns the committed revision. */
  async write(key: string, field: string, value: string): Promise<number> {
    const form = this.page.getByTestId('write-form');
    await form.getByRole('textbox', { name: 'Key' }).fill(key);
    await form.getByRole('textbox', { name: 'Field' }).fill(field);
    await form.getByRole('textbox', { name: 'Value' }).fill(value);
    const result = this.page.getByTestId('write-result');
    const before = await result.getAttribute('data-revision');
    await form.getByRole('button', { name: 'Write', exact: true }).click();
    await expect(result).toHaveAttribute('data-outcome', 'committed');
    await expect(result).not.toHaveAttribute('data-revision', before ?? 'none');
    return this.number(result, 'data-revision');
  }

  /** Reads through the form; `asOf` as a person types it. */
  async read(
    key: string,
    field: string,
    asOf = '',
  ): Promise<{ value: string | null; revision: number }> {
    const form = this.page.getByTestId('read-form');
    await form.getByRole('textbox', { name: 'Key' }).fill(key);
    await form.getByRole('textbox', { name: 'Field' }).fill(field);
    await form.getByRole('textbox', { name: 'As of' }).fill(asOf);
    const answered = this.page.waitForResponse((response) => {
      const url = new URL(response.url());
      return url.pathname.startsWith('/api/v1/kv/') && response.request().method() === 'GET';
    });
    await form.getByRole('button', { name: 'Read', exact: true }).click();
    await answered;
    const result = this.page.getByTestId('read-result');
    let shown = { found: '', value: '', revision: '' };
    await expect
      .poll(async () => {
        const [found = '', value = '', revision = ''] = await result.evaluate(({ dataset }) => [
          dataset['found'],
          dataset['value'],
          dataset['revision'],
        ]);
        shown = { found, value, revision };
        return found;
      })
      .toMatch(/true|false/);
    return {
      value: shown.found === 'true' ? (JSON.parse(shown.value) as string) : null,
      revision: Number(shown.revision),
    };
  }

  /** Waits until every card shows the same last index, not below `atLeast`, and has applied all of it. */
  async converged(atLeast = 0): Promise<number> {
    const cards = this.page.locator('[data-testid^=node-card-]');
    let last = 0;
    await expect
      .poll(async () => {
        const states = await cards.evaluateAll((all) =>
          all.map(({ dataset }) => [Number(dataset['last']), Number(dataset['applied'])] as const),
        );
        last = states[0]?.[0] ?? 0;
        const isOne = states.every(([index, applied]) => index === last && applied === last);
        return isOne && last >= atLeast;
      })
      .toBe(true);
    return last;
  }
}

// eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture names from this pattern
async function serverOfTheWorker({}, use: (server: ServerUnderTest) => Promise<void>) {
  const server = await ServerUnderTest.create();
  await use(server);
  await server.destroy();
}

export const test = base.extend<{ dashboard: Dashboard }, { server: ServerUnderTest }>({
  server: [serverOfTheWorker, { scope: 'worker' }],
  dashboard: async ({ page, server }, use) => {
    await heal(server);
    const dashboard = new Dashboard(page);
    await dashboard.open(server.url);
    await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
    await use(dashboard);
  },
});

/** The same with a server that few have used: its recording and its log are short, and it was never slowed. */
export const testOnNewServer = test.extend<object, { server: ServerUnderTest }>({
  server: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture names from this pattern
    async ({}, use) => serverOfTheWorker({}, use),
    { scope: 'worker' },
  ],
});

/** Each test has a server of its own, with these settings. */
export function testOnOwnServer(env: Readonly<Record<string, string>> = {}) {
  return base.extend<{ server: ServerUnderTest; dashboard: Dashboard }>({
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture names from this pattern
    server: async ({}, use) => {
      const server = await ServerUnderTest.create(undefined, env);
      await use(server);
      await server.destroy();
    },
    dashboard: async ({ page, server }, use) => {
      const dashboard = new Dashboard(page);
      await dashboard.open(server.url);
      await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
      await use(dashboard);
    },
  });
}

/** Whatever the last test broke is mended through the API. */
async function heal(server: ServerUnderTest): Promise<void> {
  const { api } = server;
  await api.request('POST', '/api/v1/heal');
  for (const node of (await api.cluster()).nodes) {
    if (node.state === 'serving') continue;
    // It may have come up by itself meanwhile.
    const { status, body } = await api.request('POST', `/api/v1/nodes/${node.id}/revive`);
    if (status !== 200 && status !== 409)
      throw new Error(`${node.id} does not come back: ${JSON.stringify(body)}`);
  }
}

export { expect } from 'playwright/test';
