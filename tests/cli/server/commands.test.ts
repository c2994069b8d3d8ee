/** Commands against a real server: what they do, print, and end with. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitOf } from '../../../cli/commands/chaos.ts';
import { figuresOf } from '../../../cli/commands/bench.ts';
import { sharedServer } from '../../server.ts';
import { cli } from '../world.ts';
import type { Ended, WorldOptions } from '../world.ts';

const SLOW_MACHINE_MS = 60_000;

describe('commands', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-cli-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function run(words: readonly string[], options: WorldOptions = {}): Promise<Ended> {
    const env = { CHRONORAFT_URL: server.url, ...options.env };
    return cli([...words, '--timeout', '30s'], { folder, ...options, env });
  }

  /** The document that it prints. */
  async function json(words: readonly string[]): Promise<Record<string, unknown>> {
    const { stdout, stderr } = await run([...words, '--json']);
    expect(stderr).toBe('');
    expect(stdout.trimEnd()).not.toContain('\n');
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  it('[Z3] what is put is got, listed, dated, counted, changed under conditions and deleted', async () => {
    expect(await run(['put', 'z3', 'price', '10'])).toMatchObject({ code: 0, stderr: '' });
    expect(await run(['put', 'z3', 'price', '12', '--if-value', '10'])).toMatchObject({ code: 0 });
    expect(await run(['put', 'z3', 'price', '15', '--if-value', '10'])).toMatchObject({ code: 6 });
    expect(await run(['get', 'z3', 'price'])).toMatchObject({ code: 0, stdout: '12\n' });
    await run(['put', 'z3', 'open', 'yes', '--timestamp', '1h ago']);
    expect(await run(['get', 'z3', 'open', '--at', '-30m'])).toMatchObject({ stdout: 'yes\n' });
    expect(await run(['get', 'z3', 'open', '--at', '2h ago'])).toMatchObject({ code: 3 });
    await run(['put', 'z3', 'tags', 'new', 'red one', '--list']);
    await run(['append', 'z3', 'tags', 'round']);
    expect(await run(['get', 'z3', 'tags'])).toMatchObject({ stdout: 'new\nred one\nround\n' });
    expect(await run(['incr', 'z3', 'visits', '-5'])).toMatchObject({ stdout: '-5\n' });
    expect((await run(['get', 'z3'])).stdout).toBe(
      'open\tyes\nprice\t12\ntags\t["new","red one","round"]\nvisits\t-5\n',
    );
    expect((await run(['history', 'z3', 'price', '--oldest-first', '--json'])).stdout).toMatch(
      /"value":"10".*\n.*"value":"12".*\n$/,
    );
    expect((await run(['scan', 'z3'])).stdout).toBe('z3\t4\n');
    expect((await run(['scan', 'z3', '--values', '--limit', '2'])).stdout).toBe(
      'z3\topen\tyes\nz3\tprice\t12\n',
    );
    expect((await run(['scan', '--key', 'z3', 'p'])).stdout).toBe('z3\tprice\t12\n');
    expect((await run(['del', 'z3', 'price'])).stdout).toMatch(/^deleted; committed at revision/);
    expect((await run(['del', 'z3', 'price'])).stdout).toMatch(/^there was none; nothing to do/);
    expect(await run(['get', 'z3', 'price'])).toMatchObject({
      code: 3,
      stderr: 'chronoraft: z3 price is deleted there\n',
    });
    expect((await run(['del', 'z3'])).stdout).toMatch(/^3 fields deleted/);
    expect(await run(['get', 'z3'])).toMatchObject({ code: 3 });
  });

  it('[Z3] lists longer than a page are of one view, to their end', async () => {
    const body = Array.from({ length: 120 }, (_, at) => ({
      op: 'set',
      key: `z3-many-${at}`,
      field: 'f',
      value: 'v',
    }));
    for (const success of [body.slice(0, 60), body.slice(60)]) {
      const stdin = JSON.stringify({ success });
      expect(await run(['txn'], { stdin })).toMatchObject({ code: 0 });
    }
    const { stdout } = await run(['scan', 'z3-many-', '--values']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(120);
    const wide = body.map(({ key, ...rest }) => ({ ...rest, key: 'z3-wide', field: key }));
    for (const success of [wide.slice(0, 60), wide.slice(60)])
      await run(['txn'], { stdin: JSON.stringify({ success }) });
    // More text than an answer carries.
    const stdin = 'v'.repeat(1_000_000);
    for (let at = 0; at < 6; at++) await run(['put', 'z3-heavy', `f${at}`, '-'], { stdin });
    const heavy = await run(['scan', 'z3-heavy', '--values']);
    expect(heavy.stdout.trimEnd().split('\n')).toHaveLength(6);
    for (const words of [
      ['scan', 'z3-wide', '--values'],
      ['get', 'z3-wide'],
    ])
      expect((await run(words)).stdout.trimEnd().split('\n')).toHaveLength(120);
  });

  it('[Z17] what was known at a time is what was known at the last revision before it', async () => {
    const revisions: number[] = [];
    const stamps: number[] = [];
    for (const value of ['a', 'b', 'c']) {
      const { revision, stamp } = await json(['put', 'z17', 'f', value]);
      revisions.push(Number(revision));
      stamps.push(Math.floor(Number(stamp) / 1000));
      // The next write is stamped in another millisecond.
      await expect.poll(() => Date.now()).toBeGreaterThan((stamps.at(-1) ?? 0) + 2);
    }
    for (const [at, value] of ['a', 'b', 'c'].entries()) {
      const asOf = String(stamps[at]);
      expect(await json(['get', 'z17', 'f', '--as-of', asOf])).toMatchObject({ value });
      const revision = `rev ${revisions[at]}`;
      expect(await json(['get', 'z17', 'f', '--as-of', revision])).toMatchObject({ value });
    }
    const early = await run(['get', 'z17', 'f', '--as-of', String((stamps[0] ?? 0) - 1)]);
    expect(early).toMatchObject({ code: 3 });
  });

  it('[Z3] a transaction is done whole, and a condition that did not hold ends with 6', async () => {
    await run(['put', 'z3t', 'n', '1']);
    const file = path.join(folder, 'txn.json');
    const condition = { is: 'value', key: 'z3t', field: 'n', value: '1' };
    const success = [{ op: 'increment', key: 'z3t', field: 'n' }];
    writeFileSync(file, JSON.stringify({ if: [condition], success }));
    expect(await run(['txn', 'txn.json'])).toMatchObject({ code: 0 });
    expect(await run(['txn', 'txn.json'])).toMatchObject({
      code: 6,
      stdout: expect.stringMatching(/^condition 1 did not hold: there is 2; /) as string,
    });
    expect(await run(['txn'], { stdin: '{' })).toMatchObject({ code: 2 });
    expect(await run(['txn'], { stdin: '{"success":[{"op":"fly"}]}' })).toMatchObject({ code: 2 });
  });

  it('[Z4] a value is exact in a pipe and inert on a terminal, and stdin is taken as it is', async () => {
    const value = 'line\n\u001b[31mred\u0007 日本\n';
    await run(['put', 'z4\u001b[2J', 'f', '-'], { stdin: value });
    const piped = await run(['get', 'z4\u001b[2J', 'f']);
    expect(piped.stdout).toBe(`${value}\n`);
    const terminal = { columns: 80, rows: 24 };
    const seen = await run(['get', 'z4\u001b[2J', 'f'], { terminal });
    expect(seen.stdout).toBe('line\\n\\x1b[31mred\\x07 日本\\n\n');
    for (const words of [
      ['scan', 'z4', '--values'],
      ['scan', 'z4', '--json'],
      ['history', 'z4\u001b[2J', 'f'],
      ['watch', '--prefix', 'z4', '--after', '1', '--count', '1'],
      ['get', 'z4\u001b[2J', 'none'],
    ]) {
      const { stdout, stderr } = await run(words);
      expect((stdout + stderr).replaceAll(/[\n\t]/g, '')).toMatch(/^\P{Cc}+$/u);
    }
    const bad = await run(['put', 'z4', 'f', '-'], { stdin: new Uint8Array([0xff, 0xfe]) });
    expect(bad).toMatchObject({ code: 2 });
    expect(bad.stderr).toContain('is not UTF-8');
  });

  it('[Z5] with --json every answer is one document, and a stream is lines of them', async () => {
    expect(await json(['put', 'z5', 'f', 'v'])).toMatchObject({ outcome: 'committed' });
    expect(await json(['get', 'z5', 'f'])).toMatchObject({ found: true, value: 'v' });
    expect(await json(['get', 'z5'])).toMatchObject({ key: 'z5', fields: [{ value: 'v' }] });
    expect(await json(['status'])).toMatchObject({ verdict: { configured: 3 }, view: {} });
    expect(await json(['top'])).toMatchObject({ voters: ['n1', 'n2', 'n3'] });
    expect(await json(['member', 'list'])).toMatchObject({ quorum: 2 });
    expect(await json(['retention', 'get'])).toMatchObject({ maxAgeMs: null });
    expect(await json(['chaos', 'list'])).toEqual({ runs: [] });
    for (const [words, line] of [
      [['scan', 'z5'], { key: 'z5', fields: 1 }],
      [['scan', 'z5', '--values'], { key: 'z5', field: 'f', value: 'v' }],
      [['history', 'z5', 'f'], { kind: 'set', value: 'v' }],
      [['diff', 'z5', '--as-of', '1'], { before: null, after: { value: 'v' } }],
    ] as const)
      expect(await json(words)).toMatchObject(line);
    const absent = await run(['get', 'z5', 'none', '--json']);
    expect(absent).toMatchObject({ code: 3, stderr: '' });
    expect(JSON.parse(absent.stdout)).toMatchObject({ found: false, absentBecause: 'never' });
    const unknown = await run(['node', 'kill', 'n9', '--json']);
    expect(unknown).toMatchObject({ code: 3, stdout: '' });
    expect(JSON.parse(unknown.stderr)).toMatchObject({ error: { code: 'NODE_UNKNOWN' } });
  });

  it('[Z6] the token is sent with every request and every line, and the address is taken with or without its scheme', async () => {
    const seen: (string | undefined)[] = [];
    const stranger = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(401, { 'content-type': 'text/html' }).end('who are you?');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => stranger.once('listening', resolve));
    const { port } = stranger.address() as AddressInfo;
    const env = { CHRONORAFT_URL: `127.0.0.1:${port}/`, CHRONORAFT_TOKEN: 'from-env' };
    const told = await cli(['status'], { env });
    expect(told).toMatchObject({ code: 4 });
    expect(told.stderr).toContain('status 401 and no answer of Chronoraft');
    const watched = await cli(['watch', '--token', 'given'], { env });
    expect(watched.code).toBe(4);
    expect(seen).toEqual(['Bearer from-env', 'Bearer given']);
    expect(told.stderr + watched.stderr).not.toMatch(/from-env|given/);
    stranger.close();
  });

  it('[Z15] a write that nobody took is unreachable, one whose answer was lost is unknown', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => gone.once('listening', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const nobody = await cli(['put', 'a', 'b', 'c'], {
      env: { CHRONORAFT_URL: `http://127.0.0.1:${port}` },
    });
    expect(nobody).toMatchObject({ code: 4, stdout: '' });
    expect(nobody.stderr).toMatch(/nobody listens there; start it with `chronoraft start`/);
    const silent = createServer((request) => request.socket.destroy()).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const env = { CHRONORAFT_URL: `127.0.0.1:${(silent.address() as AddressInfo).port}` };
    expect(await cli(['put', 'a', 'b', 'c'], { env })).toMatchObject({ code: 5 });
    expect(await cli(['get', 'a', 'b'], { env })).toMatchObject({ code: 4 });
    silent.close();
  });

  it('[Z7] a watch tells each change once, from a revision on, and ends by count or by Ctrl-C', async () => {
    const { revision } = await json(['put', 'z7', 'f', '1']);
    await run(['put', 'z7', 'f', '2']);
    await run(['put', 'z7-other', 'f', 'x']);
    const after = ['--after', String(Number(revision) - 1)];
    const two = await run(['watch', 'z7', 'f', ...after, '--count', '2', '--json']);
    const lines = two.stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { value: string }).value)).toEqual(['1', '2']);
    expect(two.code).toBe(0);
    const one = await run(['watch', 'z7', ...after, '--count', '1']);
    expect(one.stdout.trimEnd().split('\n')).toHaveLength(1);
    const stop = new AbortController();
    const endless = run(['watch', 'z7', ...after], {
      interrupted: stop.signal,
      onOutput: () => stop.abort(),
    });
    expect(await endless).toMatchObject({ code: 130, stderr: '' });
    expect(await run(['watch', '--after', '99999999'])).toMatchObject({ code: 1 });
  });

  it('[Z8] a backup goes to a file or a pipe and comes back; it replaces no file, and what fails leaves none', async () => {
    await run(['put', 'z8', 'f', 'kept']);
    expect(await run(['backup', 'z8.ndjson', '--prefix', 'z8'])).toMatchObject({ code: 0 });
    const { stdout } = await run(['backup', '--prefix', 'z8']);
    expect(stdout.split('\n')[0]).toContain('"prefix":"z8"');
    await run(['put', 'z8', 'f', 'lost']);
    expect(await run(['backup', 'z8.ndjson'])).toMatchObject({ code: 1 });
    expect(await run(['restore', 'z8.ndjson'])).toMatchObject({ code: 0 });
    expect(await run(['get', 'z8', 'f'])).toMatchObject({ stdout: 'kept\n' });
    await run(['put', 'z8', 'f', 'lost again']);
    expect(await run(['restore'], { stdin: stdout })).toMatchObject({ code: 0 });
    expect(await run(['get', 'z8', 'f'])).toMatchObject({ stdout: 'kept\n' });
    const cut = await run(['restore'], { stdin: stdout.slice(0, -20) });
    expect(cut).toMatchObject({ code: 1, stdout: '' });
    expect((await run(['restore', '--status'])).stdout).toMatch(/^last: failed: /);
    expect(await run(['backup', 'late.ndjson', '--as-of', '99999999'])).toMatchObject({ code: 1 });
    expect(await run(['backup', 'no/such/folder.ndjson'])).toMatchObject({ code: 1 });
    expect(readdirSync(folder).filter((name) => /late|part/.test(name))).toEqual([]);
    const terminal = { columns: 80, rows: 24 };
    expect(await run(['backup'], { terminal })).toMatchObject({ code: 2 });
  });

  it('[Z8] a backup that breaks off in the middle fails, and leaves no file', async () => {
    const broken = createServer((request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      // More than waits on the way, so that the file is begun.
      response.write('x'.repeat(8_000_000), () => request.socket.destroy());
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => broken.once('listening', resolve));
    const env = { CHRONORAFT_URL: `127.0.0.1:${(broken.address() as AddressInfo).port}` };
    const told = await cli(['backup', 'broken.ndjson'], { env, folder });
    expect(told).toMatchObject({ code: 1, stdout: '' });
    expect(told.stderr).toContain('broken off');
    expect(readdirSync(folder).filter((name) => name.startsWith('broken'))).toEqual([]);
    broken.close();
  });

  it('[Z10] top draws live, follows the size, ends with q and leaves the terminal as it was', async () => {
    const raw: boolean[] = [];
    const keyboard = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (on: boolean) => raw.push(on),
    });
    const seen: string[] = [];
    let isSmall = false;
    const { code, stdout } = await run(['top'], {
      terminal: { columns: 80, rows: 24 },
      env: { NO_COLOR: '1' },
      keyboard,
      onOutput: (written, output) => {
        seen.push(written);
        // No one leads for a moment, on a machine that stalls.
        const text = seen.join('');
        if (!isSmall && text.includes('q quits') && text.includes('Healthy: ')) {
          isSmall = true;
          setImmediate(() => {
            Object.assign(output, { columns: 30, rows: 8 }).emit('resize');
            keyboard.write('q');
          });
        }
      },
    });
    const escape = String.fromCharCode(27);
    expect(code).toBe(0);
    expect(raw).toEqual([true, false]);
    expect(stdout.startsWith(`${escape}[?1049h${escape}[?25l`)).toBe(true);
    expect(stdout.endsWith(`${escape}[?25h${escape}[?1049l`)).toBe(true);
    const small = stdout.slice(stdout.lastIndexOf(`${escape}[2J`));
    const rows = [...small.matchAll(/\[(\d+);1H.\[2K([^\n]*?)(?=\P{L}?\[[\d?])/gu)];
    expect(rows.length).toBeGreaterThan(3);
    expect(Math.max(...rows.map(([, row]) => Number(row)))).toBeLessThanOrEqual(8);
    for (const [, , line = ''] of rows) expect(line.length).toBeLessThanOrEqual(31);
    expect(stdout).not.toMatch(/\[\d+(;\d+)*m/);
  });

  it('[Z16] Ctrl-C stops the run that is followed', async () => {
    const stop = new AbortController();
    const words = [
      'chaos',
      'start',
      '--for',
      '10m',
      '--clients',
      '1',
      '--keys',
      '1',
      '--faults',
      '',
    ];
    const options = { interrupted: stop.signal, onOutput: () => stop.abort() };
    expect(await run(words, options)).toMatchObject({ code: 130 });
    const ended = await run(['chaos', 'show', '--follow']);
    expect(ended.stdout).toMatch(/^Linearizable: /);
    expect(ended.code).toBe(0);
  });

  it('[Z16] the verdict of a chaos run is its exit code', () => {
    expect(exitOf({ state: 'done', verdict: 'linearizable' })).toBe(0);
    expect(exitOf({ state: 'done', verdict: 'violation' })).toBe(1);
    expect(exitOf({ state: 'done', verdict: 'unknown' })).toBe(5);
    expect(exitOf({ state: 'broken', verdict: null })).toBe(1);
    expect(exitOf({ state: 'interrupted', verdict: null })).toBe(5);
  });

  it('[Z18] figures of a bench are of what was answered well, and failures are counted apart', () => {
    const tookMs = Array.from({ length: 100 }, (_, at) => 100 - at);
    const failures = new Map([['NO_LEADER', 3]]);
    expect(figuresOf({ tookMs, failures }, 2000)).toEqual({
      operations: 100,
      failed: 3,
      perSecond: 50,
      p50Ms: 50,
      p90Ms: 90,
      p99Ms: 99,
      maxMs: 100,
    });
    expect(figuresOf({ tookMs: [], failures }, 2000)).toMatchObject({ p50Ms: null, failed: 3 });
  });

  it('[Z2] without a quorum status ends with 4 and a write with 4, and with it again with 0', async () => {
    await expect.poll(async () => (await run(['status'])).code).toBe(0);
    for (const node of ['n1', 'n2'])
      expect(await run(['node', 'kill', node])).toMatchObject({ code: 0 });
    expect(await run(['node', 'kill', 'n1'])).toMatchObject({ code: 1 });
    await expect.poll(async () => (await run(['status'])).code).toBe(4);
    const env = { CHRONORAFT_URL: server.url };
    const refused = await cli(['put', 'a', 'b', 'c', '--timeout', '300ms'], { env });
    expect([4, 5]).toContain(refused.code);
    for (const node of ['n1', 'n2'])
      expect(await run(['node', 'revive', node])).toMatchObject({ code: 0 });
    await expect.poll(async () => (await run(['status'])).code).toBe(0);
  });
});
