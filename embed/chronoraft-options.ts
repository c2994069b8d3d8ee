/** What a program may set: the settings of the environment under names of their own, and what only a program can say. */

/** Each but the first five is the setting of that name in the guide of operators: `heartbeatMs` is `HEARTBEAT_MS`. */
export interface ChronoraftOptions {
  /** Folder of everything that is kept, made if it is not there; a relative one is below the working folder. */
  readonly dataDir?: string;
  /** Instead of `dataDir`: a new folder below the system's for temporary files, which `close()` removes. */
  readonly temporary?: boolean;
  /** False: nothing listens, and only `client()` and `fetch` reach the cluster. True by default. */
  readonly http?: boolean;
  /** True serves the dashboard too. False by default: Next.js is not loaded. */
  readonly page?: boolean;
  /** Takes the log, a line of JSON at a time; by default they go to standard error. */
  readonly log?: (line: string) => void;
  /** Where settings that are left out here are looked for, by their names there: `process.env`. By default nowhere. */
  readonly env?: Readonly<Record<string, string | undefined>>;

  /** By default 0: one that is free. */
  readonly port?: number;
  /** By default 127.0.0.1. One that other machines reach takes tokens. */
  readonly host?: string;
  /** Voters of a new cluster, by default 3. A cluster that is there keeps its members. */
  readonly nodes?: 1 | 3 | 5 | 7;
  /** A leader's heartbeat, 5 to 10 000 ms; by default 30. */
  readonly heartbeatMs?: number;
  /** Silence before an election, from this to twice this, ms; by default 300, at least three heartbeats. */
  readonly electionTimeoutMs?: number;
  /** A leader answers reads alone for so long after a write, ms; by default 0, never. */
  readonly leaseMs?: number;
  /** Threads unless said: a process of each node's own can be killed by itself. */
  readonly runNodesAs?: 'threads' | 'processes';
  /** By default `warn`. */
  readonly logLevel?: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Lines of "name role token", in a file that only its owner may read. */
  readonly authTokensFile?: string;
  /** The same lines. */
  readonly authTokens?: readonly string[];
  /** Names beside the loopback ones that are answered to. */
  readonly allowedHosts?: readonly string[];
  /** Certificate and key, PEM: then TLS alone. */
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  /** Requests a second of one caller; 0: no limit. By default 200 with tokens, else 0. */
  readonly rateLimit?: number;
  /** By default `actions` with tokens, else `off`. */
  readonly audit?: 'off' | 'actions' | 'all';
  /** For the headers of a request, and again for its body, to arrive, ms; by default 30 000. */
  readonly requestWithinMs?: number;
  /** Live sockets; 0: no limit. By default 100 with tokens, else 0. */
  readonly socketsPerAddress?: number;
  /** Where traces go; by default nowhere. */
  readonly otelExporterOtlpEndpoint?: string;
  readonly otelServiceName?: string;
  /** Share of the traces that begin here, 0 to 1; by default 1. */
  readonly otelTracesSamplerArg?: number;
}
