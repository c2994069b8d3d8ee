/** `/metrics` is the page for a browser, however it comes there, and text for Prometheus. */
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from './fixtures.ts';

/** As Prometheus 2 and 3 ask. */
const ACCEPT =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

test('[O18] a browser gets the page by address and by link, Prometheus and curl get the text', async ({
  dashboard,
  server,
}) => {
  const { page } = dashboard;
  await page.getByRole('link', { name: 'Metrics', exact: true }).click();
  await expect(page).toHaveURL(/\/metrics/);
  await expect(page.getByTestId('metrics-page')).toBeVisible();
  await page.reload();
  await expect(page.getByTestId('metrics-page')).toBeVisible();
  for (const accept of [ACCEPT, '*/*']) {
    const told = async (): Promise<string> => {
      const response = await fetch(`${server.url}/metrics`, { headers: { accept } });
      expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      return response.text();
    };
    await expect.poll(told).toContain('chronoraft_has_leader 1\n');
    // The open page itself, once it has joined.
    await expect.poll(told).toMatch(/^chronoraft_sockets [1-9]\d*$/m);
  }
});

test('[H63] pages too have the id of their request', async ({ server }) => {
  for (const path of ['/keys', '/metrics', '/no-such-page']) {
    const headers = { accept: 'text/html', 'x-request-id': 'page-7' };
    const response = await fetch(`${server.url}${path}`, { headers });
    await response.body?.cancel();
    expect(response.headers.get('x-request-id')).toBe('page-7');
  }
});

test('[H73] "*" is no address of the page, and is answered as what is not there', async ({
  server,
}) => {
  const { hostname, port } = new URL(server.url);
  for (const method of ['GET', 'OPTIONS', 'POST']) {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ hostname, port, method, path: '*' }, resolve).on('error', reject).end();
    });
    expect(answer.statusCode, method).toBe(404);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(JSON.parse(await text(answer))).toMatchObject({ code: 'NOT_FOUND' });
  }
});
