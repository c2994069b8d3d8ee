/** Options of a program are settings under other names. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ChronoraftOptions } from '../../embed/chronoraft-options.ts';
import { readOptions } from '../../embed/read-options.ts';
import { ConfigError } from '../../server/base/start-errors.ts';
import { Environment, readConfig } from '../../server/config.ts';

const ROOT = path.resolve('.');
const TOKEN = 'a-token-of-some-length';
const HOME = { dataDir: './data' };

/** Of a program without types too. */
function read(options: object): ReturnType<typeof readOptions> {
  return readOptions(options as ChronoraftOptions, ROOT);
}

function refusal(options: object): string {
  try {
    read(options);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'it may start';
}

describe('options', () => {
  it('[L24] are the settings of the environment, each under the name that follows from its own', () => {
    const values: Record<string, unknown> = {
      PORT: 4105,
      HOST: 'localhost',
      DATA_DIR: '/tmp/here',
      NODES: 5,
      HEARTBEAT_MS: 40,
      ELECTION_TIMEOUT_MS: 400,
      LEASE_MS: 100,
      RUN_NODES_AS: 'processes',
      LOG_LEVEL: 'error',
      AUTH_TOKENS_FILE: undefined,
      AUTH_TOKENS: [`ann operator ${TOKEN}`, `bob viewer ${TOKEN}2 2030-01-31T12:00:00Z`],
      ALLOWED_HOSTS: ['a.example', 'B.example'],
      TLS_CERT_FILE: undefined,
      TLS_KEY_FILE: undefined,
      RATE_LIMIT: 7,
      AUDIT: 'all',
      REQUEST_WITHIN_MS: 1234,
      SOCKETS_PER_ADDRESS: 9,
      PAGE: false,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318',
      OTEL_SERVICE_NAME: 'mine',
      OTEL_TRACES_SAMPLER_ARG: 0.5,
    };
    expect(Object.keys(values).toSorted()).toEqual(Object.keys(Environment.shape).toSorted());
    const options = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [camelCase(name), value]),
    );
    const text = (value: unknown): string =>
      Array.isArray(value) ? value.join(';').replace('e;B', 'e,B') : String(value);
    const env = Object.fromEntries(
      Object.entries(values)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, value === false ? 'off' : text(value)]),
    );
    expect(read(options)).toEqual(readConfig(env, ROOT));
  });

  it('[L24] have the defaults of the settings, but for the port, the page and the folder', () => {
    const dataDir = path.resolve('data');
    expect(read(HOME)).toEqual({ ...readConfig({}, ROOT), port: 0, page: false, dataDir });
    expect(read({ temporary: true }).dataDir).toBeNull();
    expect(read({ ...HOME, http: false }).listens).toBe(false);
    expect(read({ ...HOME, port: undefined, nodes: undefined }).nodes).toHaveLength(3);
  });

  it.each([
    [{ port: 70_000 }, /^port=70000 cannot be used: /],
    [{ port: '80' }, /^port cannot be used: .*number/],
    [{ port: Number.NaN }, /^port cannot be used: /],
    [{ nodes: 4 }, /^nodes=4 cannot be used: .*1, 3, 5 or 7$/],
    [{ heartbeatMs: 200 }, /^electionTimeoutMs=300 .* at least 3 × heartbeatMs \(200\)$/],
    [{ leaseMs: 10 }, /^leaseMs=10 .* heartbeatMs \(30\) to electionTimeoutMs \(300\)$/],
    [{ logLevel: 'loud' }, /^logLevel=loud cannot be used: /],
    [{ host: '0.0.0.0' }, /^host=0\.0\.0\.0 lets other machines in, .* set authTokensFile /],
    [{ authTokens: ['ann operator short'] }, /^authTokens, line 1: a token has at least 20/],
    [{ authTokens: [] }, /^authTokens cannot be used: /],
    [{ authTokensFile: '/nowhere/tokens' }, /^authTokensFile=\/nowhere\/tokens cannot be read/],
    [{ tlsCertFile: '/nowhere' }, /^tlsCertFile and tlsKeyFile go together/],
    [{ tlsCertFile: '/nowhere', tlsKeyFile: '/nowhere' }, /^tlsCertFile=\/nowhere cannot be read/],
    [{ hots: 'x' }, /^there is no option hots$/],
    [{ log: 'stderr' }, /^log cannot be used: expected a function$/],
    [{ dataDir: '' }, /^dataDir cannot be used: /],
    [{ dataDir: undefined }, /^dataDir is not set: /],
    [{ temporary: true }, /^dataDir and temporary exclude each other/],
    [{ http: false, port: 80 }, /^port cannot be used where http is false$/],
    [{ http: false, page: true }, /^page cannot be used where http is false$/],
  ])('[L24] %o is refused by a message that names the option', (options, why) => {
    expect(refusal({ ...HOME, ...options })).toMatch(why);
  });

  it('[L24] that are none at all are refused too', () => {
    for (const options of [undefined, null, 5, 'x', []]) {
      expect(() => readOptions(options as never, ROOT)).toThrow(ConfigError);
    }
  });

  it('[L24] come from the environment only when that is given, and win over it', () => {
    const env = { NODES: '5', DATA_DIR: '/tmp/there', PORT: '4105', AUDIT: '', HOME: '/' };
    const config = read({ env, nodes: 1 });
    expect(config).toMatchObject({ nodes: ['n1'], dataDir: '/tmp/there', port: 4105 });
    expect(read({ env, temporary: true }).dataDir).toBeNull();
    expect(refusal({ env: { NODES: '4' }, ...HOME })).toMatch(/^NODES=4 cannot be used/);
    expect(refusal({ env: { HEARTBEAT_MS: '200' }, electionTimeoutMs: 500, ...HOME })).toMatch(
      /^electionTimeoutMs=500 .* 3 × HEARTBEAT_MS \(200\)$/,
    );
    expect(refusal({ env: { PAGE: 'on' }, ...HOME, http: false })).toMatch(/^PAGE cannot be used/);

    const before = process.env['NODES'];
    process.env['NODES'] = '5';
    try {
      expect(read(HOME).nodes).toHaveLength(3);
      expect(read({ ...HOME, env: process.env }).nodes).toHaveLength(5);
    } finally {
      if (before === undefined) delete process.env['NODES'];
      else process.env['NODES'] = before;
    }
  });
});

function camelCase(setting: string): string {
  return setting
    .toLowerCase()
    .replaceAll(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
}
