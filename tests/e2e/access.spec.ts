/** Signing in, looking as a viewer, and text of strangers that tries to be more than text. */
import { expect, test as base } from 'playwright/test';
import { ServerUnderTest } from './server.ts';

const OPERATOR = 'operator-token-0123456789';
const VIEWER = 'viewer-token-0123456789';

const HOSTILE = [
  '<img src=x onerror="window.hacked=1">',
  '"><script>window.hacked=1</script>',
  '</script><svg onload=window.hacked=1>',
  'javascript:window.hacked=1',
  '{{constructor.constructor("window.hacked=1")()}}',
];

const test = base.extend<object, { server: ServerUnderTest }>({
  server: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixture names from this pattern
    async ({}, use) => {
      const server = await ServerUnderTest.create(undefined, {
        AUTH_TOKENS: `ann operator ${OPERATOR};bob viewer ${VIEWER}`,
      });
      await use(server);
      await server.destroy();
    },
    { scope: 'worker' },
  ],
});

test('[G15] a person signs in by keyboard, is shown what a viewer may, and signs out', async ({
  page,
  server,
}) => {
  const broken: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) broken.push(message.text());
  });
  await page.setViewportSize({ width: 375, height: 700 });
  await page.goto(`${server.url}/keys?motion=off`);
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fkeys%3Fmotion%3Doff$/);
  await expect(page.getByLabel('Token')).toBeFocused();
  await page.keyboard.type('wrong-token-0123456789');
  await page.keyboard.press('Enter');
  await expect(page.getByText('the token is not one of this server')).toBeVisible();
  await page.keyboard.type(VIEWER);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/keys\?motion=off$/);
  await expect(page.getByTestId('app')).toHaveAttribute('data-conn', 'live');
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${server.url}/?motion=off`);
  await expect(page.getByTestId('app')).toHaveAttribute('data-conn', 'live');
  const kill = page.getByRole('button', { name: 'Kill leader', exact: true });
  await expect(kill).toHaveAttribute('title', /bob may read and watch/);
  await page.getByRole('button', { name: 'Signed in as bob, viewer' }).click();
  await page.getByRole('menuitem', { name: 'Trail of actions' }).click();
  const trail = page.getByRole('table', { name: 'Actions, newest first' });
  await expect(trail.getByRole('row').filter({ hasText: 'POST /api/v1/sign-in' })).toHaveCount(2);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Signed in as bob, viewer' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await page.goto(`${server.url}/`);
  await expect(page).toHaveURL(/\/sign-in\?next=%2F$/);
  expect(broken).toEqual([]);
});

test('[G15] what was signed out elsewhere says so and leads to signing in', async ({
  page,
  server,
}) => {
  await page.request.post(`${server.url}/api/v1/sign-in`, { data: { token: OPERATOR } });
  await page.goto(`${server.url}/log?motion=off`);
  await expect(page.getByTestId('app')).toHaveAttribute('data-conn', 'live');
  await page.request.post(`${server.url}/api/v1/sign-out`, { headers: { origin: server.url } });
  await expect(page.getByText('Signed out.', { exact: true })).toBeVisible();
  await expect(page.getByText(/does not change any more: the access has ended/)).toBeVisible();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL(/\/sign-in\?next=%2Flog/);
});

test('[G16] keys, fields and values are text, whatever they say, and only our scripts run', async ({
  page,
  server,
}) => {
  for (const text of HOSTILE) {
    const path = `/api/v1/kv/${encodeURIComponent(text)}/${encodeURIComponent(text)}`;
    const answer = await page.request.put(`${server.url}${path}`, {
      headers: { authorization: `Bearer ${OPERATOR}` },
      data: { value: text },
    });
    expect(answer.status()).toBe(200);
  }
  await page.request.post(`${server.url}/api/v1/sign-in`, { data: { token: OPERATOR } });
  const [first = ''] = HOSTILE;
  for (const where of [
    '/',
    `/keys?key=${encodeURIComponent(first)}&field=${encodeURIComponent(first)}`,
    '/log',
  ]) {
    const answer = await page.goto(`${server.url}${where}`);
    const policy = answer?.headers()['content-security-policy'] ?? '';
    expect(policy).toMatch(/script-src 'nonce-[\w+/=]+' 'strict-dynamic';/);
    expect(policy).toContain("frame-ancestors 'none'");
    await expect(page.getByTestId('app')).toHaveAttribute('data-conn', 'live');
    await expect(page.getByText(first, { exact: false }).first()).toBeAttached();
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
  }
  // Even markup that got in would not run.
  await page.evaluate(() => {
    const box = document.createElement('div');
    box.innerHTML = '<img src="/none" onerror="window.hacked=1">';
    document.body.append(box);
  });
  await page.waitForFunction(() => document.querySelector('img')?.complete);
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
});
