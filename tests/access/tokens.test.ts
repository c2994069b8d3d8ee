/** Tokens as they are written down, and the settings that need them. */
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { callerOf, isLoopback } from '../../server/access/address.ts';
import { hashOf, parseTokens } from '../../server/access/tokens.ts';
import { ConfigError } from '../../server/base/start-errors.ts';
import { readConfig } from '../../server/config.ts';
import { makeDataDir } from '../server.ts';

const TOKEN = 'a-token-of-some-length';
const ROOT = path.resolve('.');

/** What the person at the command line reads. */
function refusal(env: Record<string, string>): string {
  try {
    readConfig(env, ROOT);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'it may start';
}

describe('where a server listens', () => {
  it('[G1] elsewhere than on this machine it wants tokens, and one line says how to give them', () => {
    for (const HOST of ['0.0.0.0', '::', '192.168.1.5', 'example.org', '127.evil.example']) {
      expect(refusal({ HOST })).toMatch(
        /^HOST=\S+ lets other machines in,.* set AUTH_TOKENS_FILE .*$/,
      );
      expect(refusal({ HOST, AUTH_TOKENS: `ann operator ${TOKEN}` })).toBe('it may start');
    }
    for (const HOST of ['127.0.0.1', 'localhost', '::1', '127.0.0.2'])
      expect(refusal({ HOST })).toBe('it may start');
    expect(isLoopback('127.0.0.1.example.org')).toBe(false);
  });

  it('[G9] where callers are told apart there are limits, and at home none unless they are set', () => {
    expect(readConfig({}, ROOT)).toMatchObject({ requestsPerSecond: 0, socketsPerAddress: 0 });
    const guarded = readConfig({ AUTH_TOKENS: `ann operator ${TOKEN}` }, ROOT);
    expect(guarded.requestsPerSecond).toBeGreaterThan(0);
    expect(guarded.socketsPerAddress).toBeGreaterThan(0);
    expect(readConfig({ RATE_LIMIT: '7' }, ROOT).requestsPerSecond).toBe(7);
  });
});

describe('a list of tokens', () => {
  it('[G2] has a line for each: name, role, token or its hash, and a time to end', () => {
    const hex = hashOf('another-token-of-length').toString('hex');
    const text = `# ours\nann operator ${TOKEN}\n\n bob viewer sha256:${hex} 2030-01-31T12:00:00Z\n`;
    expect(parseTokens(text, 'here')).toEqual([
      { name: 'ann', role: 'operator', hash: hashOf(TOKEN), expiresAtMs: null },
      {
        name: 'bob',
        role: 'viewer',
        hash: Buffer.from(hex, 'hex'),
        expiresAtMs: Date.UTC(2030, 0, 31, 12),
      },
    ]);
  });

  it.each([
    ['ann', /the role/],
    [`ann admin ${TOKEN}`, /the role is viewer or operator/],
    ['ann operator short', /at least 20/],
    ['ann operator sha256:abcdef', /at least 20/],
    [`a/b operator ${TOKEN}`, /a name/],
    [`ann operator ${TOKEN} tomorrow`, /one time/],
    [`ann operator ${TOKEN} 2030-01-31 12:00`, /one time/],
    [`ann operator ${TOKEN};bob viewer ${TOKEN}`, /line 2: the token stands there twice/],
    ['# nobody', /has no token/],
  ])('[G2] "%s" is refused, with its line and without the token', (text, why) => {
    const said = refusal({ AUTH_TOKENS: text });
    expect(said).toMatch(why);
    expect(said).toMatch(/^AUTH_TOKENS/);
    expect(said).not.toContain(TOKEN);
  });

  it('[G2] in a file is refused while others may read it', () => {
    const file = path.join(makeDataDir(), 'tokens');
    expect(refusal({ AUTH_TOKENS_FILE: file })).toMatch(/cannot be read: ENOENT$/);
    writeFileSync(file, `ann operator ${TOKEN}\n`);
    for (const mode of [0o644, 0o640, 0o604, 0o620]) {
      chmodSync(file, mode);
      expect(refusal({ AUTH_TOKENS_FILE: file })).toMatch(/may be read by others .*chmod 600 it$/);
    }
    chmodSync(file, 0o600);
    expect(refusal({ AUTH_TOKENS_FILE: file })).toBe('it may start');
    expect(refusal({ AUTH_TOKENS_FILE: file, AUTH_TOKENS: 'x' })).toMatch(/exclude each other/);
  });
});

describe('callers', () => {
  it('[G9] are addresses, and of IPv6 the networks that are given to one', () => {
    expect(callerOf('10.1.2.3')).toBe('10.1.2.3');
    expect(callerOf('::ffff:10.1.2.3')).toBe('10.1.2.3');
    expect(callerOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(callerOf('2001:db8:1:2::9')).toBe('2001:db8:1:2::/64');
    expect(callerOf('2001:db8::9')).toBe('2001:db8:0:0::/64');
    expect(callerOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
    expect(callerOf('::1')).toBe('0:0:0:0::/64');
  });
});
