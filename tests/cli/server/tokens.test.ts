/** Commands against a server that wants tokens and takes them back, or whose certificate is not trusted. */
import { chmodSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CERTIFICATE, KEY } from '../../http/certificate.ts';
import { makeDataDir, sharedServer } from '../../server.ts';
import { cli } from '../world.ts';
import type { Ended, WorldOptions } from '../world.ts';

const SLOW_MACHINE_MS = 60_000;
const VIEWER = 'viewer-token-0123456789';
const GUEST = 'guest-token-0123456789';
const TERMINAL = { columns: 80, rows: 24 };

const file = path.join(makeDataDir(), 'tokens');
writeTokens(GUEST);

describe('a server that wants tokens', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer({ AUTH_TOKENS_FILE: file, RATE_LIMIT: '0' });

  function run(words: readonly string[], token?: string, options: WorldOptions = {}) {
    const env = {
      CHRONORAFT_URL: server.url,
      ...(token !== undefined && { CHRONORAFT_TOKEN: token }),
    };
    return cli([...words, '--timeout', '30s'], { ...options, env });
  }

  it.each([
    ['get', ['get', 'a', 'b'], {}],
    ['watch', ['watch'], {}],
    ['top', ['top'], { terminal: TERMINAL }],
  ] as const)('[Z19] says who it is that %s does not let in', async (_name, words, options) => {
    for (const [token, why] of [
      [undefined, 'wants to know who asks'],
      [`${VIEWER}x`, 'not one of'],
    ] as const) {
      const refused = await run(words, token, options);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(/^chronoraft: .*; give a token with CHRONORAFT_TOKEN\n$/);
      expect(refused.stderr).toContain(why);
      expect(JSON.parse((await run([...words, '--json'], token)).stderr)).toMatchObject({
        error: { code: 'UNAUTHENTICATED' },
      });
    }
  });

  it.each([[['show']], [['stop']]])('[Z21] without a run, chaos %s finds none', async (words) => {
    expect(await run(['chaos', ...words], VIEWER)).toEqual({
      code: 3,
      stdout: '',
      stderr: 'chronoraft: there is no run yet; begin one with `chronoraft chaos start`\n',
    });
  });

  it('[Z19] a watch and top end, and say why, when the token is taken back', async () => {
    const ended: Promise<Ended>[] = [];
    const begun = [
      { words: ['watch', '--prefix', 'chronoraft:', '--after', '0'] },
      { words: ['top'], terminal: TERMINAL },
    ].map(
      ({ words, ...options }) =>
        new Promise<void>((resolve) => {
          ended.push(run(words, GUEST, { ...options, onOutput: () => resolve() }));
        }),
    );
    // The trail has something to tell: the guest is no operator.
    expect(await run(['put', 'a', 'b', 'c'], GUEST)).toMatchObject({ code: 1 });
    await Promise.all(begun);
    writeTokens();
    for (const { code, stderr } of await Promise.all(ended)) {
      expect(stderr).toMatch(/^chronoraft: the access has ended: .*\n$/);
      expect(code).toBe(1);
    }
    writeTokens(GUEST);
  });
});

describe('a server whose certificate nobody vouches for', { timeout: SLOW_MACHINE_MS }, () => {
  const folder = makeDataDir();
  const TLS_CERT_FILE = path.join(folder, 'cert.pem');
  const TLS_KEY_FILE = path.join(folder, 'key.pem');
  writeFileSync(TLS_CERT_FILE, CERTIFICATE);
  writeFileSync(TLS_KEY_FILE, KEY, { mode: 0o600 });
  const server = sharedServer({ TLS_CERT_FILE, TLS_KEY_FILE });

  it('[Z20] is sent nothing: a write ends with 4, and it is said what is wrong', async () => {
    const env = { CHRONORAFT_URL: server.url };
    for (const words of [
      ['put', 'a', 'b', 'c'],
      ['get', 'a', 'b'],
    ]) {
      const refused = await cli(words, { env });
      expect(refused).toMatchObject({ code: 4, stdout: '' });
      expect(refused.stderr).toMatch(/^chronoraft: .*certificate.*NODE_EXTRA_CA_CERTS/);
    }
  });

  it('[Z20] and what does not speak TLS is sent nothing either', async () => {
    const plain = createServer().listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { port } = plain.address() as AddressInfo;
    const url = `https://127.0.0.1:${port}`;
    const refused = await cli(['put', 'a', 'b', 'c'], { env: { CHRONORAFT_URL: url } });
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toContain('does not speak TLS');
    plain.close();
  });
});

function writeTokens(guest?: string): void {
  const lines = [`bob viewer ${VIEWER}`, ...(guest === undefined ? [] : [`eve viewer ${guest}`])];
  writeFileSync(file, lines.join('\n'));
  chmodSync(file, 0o600);
}
