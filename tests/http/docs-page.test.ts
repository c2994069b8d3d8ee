/** The document as a page for people. */
import { describe, expect, it } from 'vitest';
import { docsPage } from '../../server/http/docs-page.ts';
import { openApiDocument } from '../../server/http/openapi.ts';
import { sharedServer } from '../server.ts';

const SLOW_MACHINE_MS = 120_000;
const DOCUMENT = openApiDocument('test');

describe('the page of the API', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();

  it('[H64] has every operation and every schema, and links that lead somewhere', async () => {
    const response = await fetch(`${server.url}/api/docs`);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const page = await response.text();
    expect(page).toBe(docsPage(DOCUMENT));
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const operations = Object.values(DOCUMENT.paths).flatMap((methods) => Object.values(methods));
    for (const { operationId } of operations) expect(ids).toContain(operationId);
    for (const name of Object.keys(DOCUMENT.components.schemas))
      expect(ids).toContain(`schema-${name}`);
    const links = [...page.matchAll(/ href="#([^"]+)"/g)].map(([, to]) => to);
    expect(links.length).toBeGreaterThan(100);
    expect(links.filter((to) => !ids.has(to))).toEqual([]);
    expect(page).not.toMatch(/undefined|\[object/);
  });

  it('[H64] needs nothing from elsewhere, and may run nothing', async () => {
    const response = await fetch(`${server.url}/api/docs`);
    const policy = response.headers.get('content-security-policy');
    expect(policy).toBe("default-src 'none'; style-src 'unsafe-inline'");
    const page = await response.text();
    expect(page).not.toMatch(/<(?:script|link|img|iframe|object)\b|@import|url\(|\bsrc=|\son\w+=/i);
    expect([...page.matchAll(/ href="([^#][^"]*)"/g)].map(([, to]) => to)).toEqual([
      '/api/v1/openapi.json',
    ]);
  });

  it('[H64] shows as text what a description holds', () => {
    const odd = '<img src=x onerror=alert(1)> & "quoted"';
    const page = docsPage({
      ...DOCUMENT,
      info: { ...DOCUMENT.info, title: odd, description: odd },
    });
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt; &amp; &quot;quoted&quot;');
  });
});
