/** Makes settings of a program's options: the settings themselves judge them. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { ConfigError } from '../server/base/start-errors.ts';
import { readConfig } from '../server/config.ts';
import type { Config, Setting } from '../server/config.ts';
import type { ChronoraftOptions } from './chronoraft-options.ts';

type OwnOption = 'temporary' | 'http' | 'log' | 'env';
type SettingOption = Exclude<keyof ChronoraftOptions, OwnOption>;

/** A setting that is new does not compile until it is an option, or said not to be one. */
const OPTION_OF: Readonly<Record<Setting, SettingOption>> = {
  DATA_DIR: 'dataDir',
  PAGE: 'page',
  PORT: 'port',
  HOST: 'host',
  NODES: 'nodes',
  HEARTBEAT_MS: 'heartbeatMs',
  ELECTION_TIMEOUT_MS: 'electionTimeoutMs',
  LEASE_MS: 'leaseMs',
  RUN_NODES_AS: 'runNodesAs',
  LOG_LEVEL: 'logLevel',
  AUTH_TOKENS_FILE: 'authTokensFile',
  AUTH_TOKENS: 'authTokens',
  ALLOWED_HOSTS: 'allowedHosts',
  TLS_CERT_FILE: 'tlsCertFile',
  TLS_KEY_FILE: 'tlsKeyFile',
  RATE_LIMIT: 'rateLimit',
  AUDIT: 'audit',
  REQUEST_WITHIN_MS: 'requestWithinMs',
  SOCKETS_PER_ADDRESS: 'socketsPerAddress',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'otelExporterOtlpEndpoint',
  OTEL_SERVICE_NAME: 'otelServiceName',
  OTEL_TRACES_SAMPLER_ARG: 'otelTracesSamplerArg',
};

/** Kinds alone: what a value may be is for the settings to say. Empty text would count as not set. */
const text = z.string().min(1);
const Kinds = z
  .strictObject({
    dataDir: text,
    temporary: z.boolean(),
    http: z.boolean(),
    page: z.boolean(),
    log: z.custom((value) => typeof value === 'function', 'expected a function'),
    env: z.custom((value) => typeof value === 'object' && value !== null, 'expected an object'),
    port: z.number(),
    host: text,
    nodes: z.number(),
    heartbeatMs: z.number(),
    electionTimeoutMs: z.number(),
    leaseMs: z.number(),
    runNodesAs: text,
    logLevel: text,
    authTokensFile: text,
    authTokens: z.array(text).min(1),
    allowedHosts: z.array(text),
    tlsCertFile: text,
    tlsKeyFile: text,
    rateLimit: z.number(),
    audit: text,
    requestWithinMs: z.number(),
    socketsPerAddress: z.number(),
    otelExporterOtlpEndpoint: text,
    otelServiceName: text,
    otelTracesSamplerArg: z.number(),
  } satisfies Record<keyof ChronoraftOptions, z.ZodType>)
  .partial();

/** What a program has not said. */
const DEFAULTS = { PORT: '0', PAGE: 'off' } as const satisfies Partial<Record<Setting, string>>;

/** `dataDir` null: a temporary folder is to be made. */
export type EmbeddedConfig = Omit<Config, 'dataDir'> & { readonly dataDir: string | null };

/** `root`: of the package. Throws ConfigError, which names the option, or the variable where the value is from there. */
export function readOptions(options: ChronoraftOptions, root: string): EmbeddedConfig {
  checkKinds(options);
  const { env = {}, temporary = false, http = true } = options;
  const settings = Object.keys(OPTION_OF) as Setting[];
  const isOption = (setting: Setting): boolean => options[OPTION_OF[setting]] !== undefined;
  const isFromEnv = (setting: Setting): boolean =>
    !isOption(setting) && (env[setting] ?? '') !== '';
  const given = settings.flatMap((setting): [Setting, string | undefined][] => {
    if (isFromEnv(setting)) return [[setting, env[setting]]];
    const value = options[OPTION_OF[setting]];
    return value === undefined ? [] : [[setting, textOf(setting, value)]];
  });
  const config = readConfig({ ...DEFAULTS, ...Object.fromEntries(given) }, root, (setting) =>
    isFromEnv(setting) ? setting : OPTION_OF[setting],
  );
  if (temporary && options.dataDir !== undefined)
    throw new ConfigError('dataDir and temporary exclude each other: set one of them');
  if (!temporary && !isOption('DATA_DIR') && !isFromEnv('DATA_DIR'))
    throw new ConfigError(
      'dataDir is not set: name the folder of the data, or set temporary to true',
    );
  if (!http) {
    const vain = (['port', 'host', 'page'] as const).find(
      (name) => (options[name] ?? false) !== false,
    );
    if (vain !== undefined || config.page)
      throw new ConfigError(`${vain ?? 'PAGE'} cannot be used where http is false`);
  }
  if (config.page && !existsSync(path.join(root, '.next/BUILD_ID')))
    throw new ConfigError(
      `page=true cannot be used: the page is not built; node ${path.join(root, 'scripts/build.mjs')} builds it`,
    );
  return {
    ...config,
    dataDir: temporary ? null : config.dataDir,
    listens: http,
    // Reloading is for those who work on the page.
    dev: false,
  };
}

function checkKinds(options: ChronoraftOptions): void {
  const parsed = Kinds.safeParse(options);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys')
    throw new ConfigError(`there is no option ${issue.keys.join(', ')}`);
  throw new ConfigError(`${issue?.path.join('.') || 'options'} cannot be used: ${issue?.message}`);
}

/** As it would stand in the environment. */
function textOf(setting: Setting, value: string | number | boolean | readonly string[]): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'object') return value.join(setting === 'AUTH_TOKENS' ? '\n' : ',');
  return String(value);
}
