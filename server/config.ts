/** Settings, read once from the environment (and a `.env` file) and checked before anything starts. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { isLoopback } from './access/address.ts';
import { readPair } from './access/tls.ts';
import { parseTokens, readTokenFile, TokenError } from './access/tokens.ts';
import type { TokenRecord } from './access/tokens.ts';
import { ConfigError } from './base/start-errors.ts';

/** Of one caller, where callers are told apart. */
const GUARDED_REQUESTS_PER_SECOND = 200;
const GUARDED_SOCKETS_PER_ADDRESS = 100;

/** Every setting; docs/guides/operate.md has them as a table. */
export const Environment = z.object({
  /** 0 picks a free port. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATA_DIR: z.string().min(1).default('./data'),
  /** Voters, odd. */
  NODES: z.coerce
    .number()
    .int()
    .refine((n) => [1, 3, 5, 7].includes(n), '1, 3, 5 or 7')
    .default(3),
  HEARTBEAT_MS: z.coerce.number().int().min(5).max(10_000).default(30),
  /** Elections start after [this, twice this) of silence. */
  ELECTION_TIMEOUT_MS: z.coerce.number().int().min(50).max(100_000).default(300),
  /** Threads are faster; of processes each can be killed by itself, with any tool. */
  RUN_NODES_AS: z.enum(['threads', 'processes']).default('threads'),
  /** 0: every linearizable read is confirmed by a quorum. */
  LEASE_MS: z.coerce.number().int().min(0).default(0),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('warn'),
  /** Lines of `name role token`, in a file that only its owner may read. */
  AUTH_TOKENS_FILE: z.string().optional(),
  /** The same lines, parted by `;`. */
  AUTH_TOKENS: z.string().optional(),
  /** Names beside the loopback ones that we answer to, parted by commas. */
  ALLOWED_HOSTS: z.string().optional(),
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  /** Requests a second of one caller; 0: no limit. */
  RATE_LIMIT: z.coerce.number().int().min(0).max(1_000_000).optional(),
  /** What the trail of actions has: nothing, all but writes of data, or all. */
  AUDIT: z.enum(['off', 'actions', 'all']).optional(),
  /** A request's headers, and then its body, arrive within it. */
  REQUEST_WITHIN_MS: z.coerce.number().int().min(100).max(3_600_000).default(30_000),
  /** Live sockets from one address; 0: no limit. */
  SOCKETS_PER_ADDRESS: z.coerce.number().int().min(0).max(1_000_000).optional(),
  /** `off` serves the API without the page (benchmarks, API tests). */
  PAGE: z.enum(['on', 'off']).default('on'),
  /** Where traces go; not set: nothing is traced. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_SERVICE_NAME: z.string().min(1).default('chronoraft'),
  /** Share of the traces that begin here. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
});

export type Setting = keyof z.infer<typeof Environment>;

/** What a setting is called where the person that reads of it has written it. */
export type SettingNames = (setting: Setting) => string;

export interface Config {
  /** False: nothing listens; the program around us is the only caller. */
  readonly listens: boolean;
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly nodes: readonly string[];
  readonly runNodesAs: 'threads' | 'processes';
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  readonly leaseMs: number;
  readonly logLevel: string;
  readonly page: boolean;
  /** Null: nothing is traced. */
  readonly tracing: {
    readonly endpoint: string;
    readonly serviceName: string;
    /** In [0, 1]. */
    readonly share: number;
  } | null;
  /** None: everyone who reaches the server is its operator. */
  readonly tokens: readonly TokenRecord[];
  /** Read again when it changes. */
  readonly tokensFile: string | null;
  readonly allowedHosts: readonly string[];
  /** Null: plain HTTP. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | null;
  /** 0: no limit. */
  readonly requestsPerSecond: number;
  readonly requestWithinMs: number;
  readonly audit: 'off' | 'actions' | 'all';
  /** 0: no limit. */
  readonly socketsPerAddress: number;
  /** Next in development mode, with reload. */
  readonly dev: boolean;
  /** The project's top folder: where the page, the migrations and the bundles are. */
  readonly root: string;
}

/** Throws ConfigError that names the setting, what it was and what it may be. */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
  root: string,
  named: SettingNames = (setting) => setting,
): Config {
  // `PORT=` in a .env file means that it is not set, not that it is zero.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const setting = issue?.path[0] as Setting;
    throw new ConfigError(
      `${named(setting)}=${env[setting] ?? ''} cannot be used: ${issue?.message}`,
    );
  }
  const settings = parsed.data;
  if (settings.ELECTION_TIMEOUT_MS < 3 * settings.HEARTBEAT_MS) {
    throw new ConfigError(
      `${named('ELECTION_TIMEOUT_MS')}=${settings.ELECTION_TIMEOUT_MS} cannot be used: it must be at least 3 × ${named('HEARTBEAT_MS')} (${settings.HEARTBEAT_MS})`,
    );
  }
  const { LEASE_MS, HEARTBEAT_MS, ELECTION_TIMEOUT_MS } = settings;
  if (LEASE_MS !== 0 && (LEASE_MS < HEARTBEAT_MS || LEASE_MS > ELECTION_TIMEOUT_MS)) {
    throw new ConfigError(
      `${named('LEASE_MS')}=${LEASE_MS} cannot be used: it must be 0 (no leases), or from ${named('HEARTBEAT_MS')} (${HEARTBEAT_MS}) to ${named('ELECTION_TIMEOUT_MS')} (${ELECTION_TIMEOUT_MS})`,
    );
  }
  const tokensFile =
    settings.AUTH_TOKENS_FILE === undefined ? null : path.resolve(settings.AUTH_TOKENS_FILE);
  const tokens = tokensOf(tokensFile, settings.AUTH_TOKENS, named);
  const isOpen = tokens.length === 0;
  if (isOpen && !isLoopback(settings.HOST)) {
    throw new ConfigError(
      `${named('HOST')}=${settings.HOST} lets other machines in, who must be known by tokens: set ${named('AUTH_TOKENS_FILE')} to a file (mode 600) with lines of "name viewer|operator token"`,
    );
  }
  return {
    listens: true,
    port: settings.PORT,
    host: settings.HOST,
    dataDir: path.resolve(settings.DATA_DIR),
    nodes: Array.from({ length: settings.NODES }, (_, i) => `n${i + 1}`),
    runNodesAs: settings.RUN_NODES_AS,
    heartbeatIntervalMs: settings.HEARTBEAT_MS,
    electionTimeoutMs: settings.ELECTION_TIMEOUT_MS,
    leaseMs: settings.LEASE_MS,
    logLevel: settings.LOG_LEVEL,
    page: settings.PAGE === 'on',
    tracing:
      settings.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? null
        : {
            endpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
            serviceName: settings.OTEL_SERVICE_NAME,
            share: settings.OTEL_TRACES_SAMPLER_ARG,
          },
    tokens,
    tokensFile,
    allowedHosts: (settings.ALLOWED_HOSTS ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    tls: tlsOf(settings.TLS_CERT_FILE, settings.TLS_KEY_FILE, named),
    requestsPerSecond: settings.RATE_LIMIT ?? (isOpen ? 0 : GUARDED_REQUESTS_PER_SECOND),
    // Where everyone is the same there is nobody to name.
    audit: settings.AUDIT ?? (isOpen ? 'off' : 'actions'),
    requestWithinMs: settings.REQUEST_WITHIN_MS,
    socketsPerAddress: settings.SOCKETS_PER_ADDRESS ?? (isOpen ? 0 : GUARDED_SOCKETS_PER_ADDRESS),
    dev: env['NODE_ENV'] === 'development',
    root,
  };
}

function tokensOf(
  file: string | null,
  lines: string | undefined,
  named: SettingNames,
): readonly TokenRecord[] {
  const fileName = named('AUTH_TOKENS_FILE');
  const linesName = named('AUTH_TOKENS');
  if (file !== null && lines !== undefined)
    throw new ConfigError(`${fileName} and ${linesName} exclude each other: set one of them`);
  try {
    if (file !== null) return readTokenFile(file, fileName);
    return lines === undefined ? [] : parseTokens(lines, linesName);
  } catch (error) {
    if (error instanceof TokenError) throw new ConfigError(error.message);
    throw error;
  }
}

function tlsOf(
  certFile: string | undefined,
  keyFile: string | undefined,
  named: SettingNames,
): Config['tls'] {
  const names = { cert: named('TLS_CERT_FILE'), key: named('TLS_KEY_FILE') };
  if (certFile === undefined && keyFile === undefined) return null;
  if (certFile === undefined || keyFile === undefined)
    throw new ConfigError(`${names.cert} and ${names.key} go together: set both or neither`);
  const pair = readPair(certFile, keyFile, names);
  if (!pair.ok) throw new ConfigError(pair.message);
  return pair;
}

/** Values of `.env` in the top folder stand in for what the environment does not set. */
export function loadEnvFile(root: string): void {
  const file = path.join(root, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}
