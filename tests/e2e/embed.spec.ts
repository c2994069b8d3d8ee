/** The page of servers that a program has in its own process. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'playwright/test';

const run = promisify(execFile);

/** What a program does with two of them, and what it sees. */
const PROGRAM = `
  const { startChronoraft } = await import('chronoraft/server');
  const options = { temporary: true, page: true, nodes: 1, logLevel: 'silent' };
  const both = await Promise.all([startChronoraft(options), startChronoraft(options)]);
  const seen = async (load) => {
    const text = await (await load()).text();
    return both.map(({ clusterId }) => text.includes(clusterId));
  };
  const pages = [];
  for (const { url, fetch: inner } of both) {
    const headers = { 'x-chronoraft-server': 'another' };
    pages.push(await seen(() => fetch(url)), await seen(() => fetch(url, { headers })));
    pages.push(await seen(() => inner('/')));
  }
  await both[0].close();
  pages.push(await seen(() => fetch(both[1].url + '/keys')));
  await both[1].close();
  console.log('pages', JSON.stringify(pages));
`;

test('[L26] two servers in one process have a page each, whose first paint is of their own cluster', async () => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', PROGRAM]);
  const [, pages = ''] = /^pages (.*)$/m.exec(stdout) ?? [];
  const [first, second] = [
    [true, false],
    [false, true],
  ];
  expect(JSON.parse(pages)).toEqual([first, first, first, second, second, second, second]);
});
