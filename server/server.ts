/** Puts the parts together: nodes, the service in front of them, the view of them, and the doors. */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { forgetFirstView, leaveFirstView } from '../contracts/first-view.ts';
import { Access } from './access/access.ts';
import { Audit } from './access/audit.ts';
import { Limits } from './access/limits.ts';
import { ListenError, NoNodeError } from './base/start-errors.ts';
import { Restores } from './backup/restores.ts';
import { ClusterViewFold } from './cluster/cluster-view.ts';
import { ClusterPace } from './cluster/cluster-pace.ts';
import { DataDir } from './cluster/data-dir.ts';
import { Faults } from './cluster/faults.ts';
import { FirstElection } from './cluster/first-election.ts';
import { FlightRecorder } from './cluster/flight-recorder.ts';
import { MessageTrace } from './cluster/message-trace.ts';
import { KvService } from './cluster/kv-service.ts';
import { LeaderTracker } from './cluster/leader-tracker.ts';
import { Membership } from './cluster/membership.ts';
import { SessionPool } from './cluster/sessions.ts';
import type { NodeRuntime } from './cluster/node-runtime.ts';
import { ProcessRuntime } from './cluster/process-runtime.ts';
import { Supervisor } from './cluster/supervisor.ts';
import { ThreadRuntime } from './cluster/thread-runtime.ts';
import type { Config } from './config.ts';
import { buildApp } from './http/app.ts';
import { InnerDoor } from './http/inner-door.ts';
import { apiHeaders } from './http/headers.ts';
import { refuseHost, refuseOrigin, wantsOrigin } from './http/origin.ts';
import { openPage } from './http/page.ts';
import type { Page } from './http/page.ts';
import { ignoreOtherUpgrades } from './http/upgrade.ts';
import { WatchDoor } from './http/watch-door.ts';
import { ChaosRuns } from './lab/chaos-runs.ts';
import { isOfSockets, Publisher } from './live/publisher.ts';
import { SocketGate } from './live/socket-gate.ts';
import { WatchSockets } from './live/watch-sockets.ts';
import type { Logger } from './logger.ts';
import { RealClock } from './node/real-clock.ts';
import { logEvent } from './observe/event-log.ts';
import { Metrics } from './observe/metrics.ts';
import { startTracing } from './observe/tracing.ts';
import type { Tracing } from './observe/tracing.ts';
import { PacedClock } from './ports/paced-clock.ts';
import { ClusterNodes, MachineTime } from './watch/cluster-nodes.ts';
import { WatchHub } from './watch/hub.ts';

const METRICS_EVERY_MS = 1000;
/** A start waits this long for the first leader before it says that it is ready, ms. */
const FIRST_LEADER_WITHIN_MS = 5000;
/** A stop lets requests under way finish for this long, ms. */
const DRAIN_WITHIN_MS = 3000;
/** Then connections have this long to send what is written to them, ms. */
const FLUSH_WITHIN_MS = 1000;
const CLOSE_LOOK_MS = 20;

export interface RunningServer {
  /** Empty when nothing listens. */
  readonly url: string;
  readonly clusterId: string;
  /** The API from within the process. */
  readonly fetch: typeof fetch;
  /** Every route of the API, as "GET /livez". */
  readonly routes: readonly string[];
  readonly supervisor: Supervisor;
  readonly kv: KvService;
  readonly fold: ClusterViewFold;
  readonly pace: ClusterPace;
  readonly watches: WatchHub;
  /** Stops listening, answers what is open, closes every node's database. */
  close(): Promise<void>;
}

/** Starts everything; on failure nothing is left running. Throws DataDirError, ListenError or NoNodeError. */
export async function startServer(
  config: Config,
  logger: Logger,
  version: string,
  commit: string | null = null,
  runtime: NodeRuntime = runtimeOf(config),
): Promise<RunningServer> {
  const dataDir = await DataDir.open(config.dataDir, config.nodes);
  const boot = randomBytes(6).toString('hex');
  const fold = new ClusterViewFold({
    epoch: boot,
    clusterId: dataDir.clusterId,
    nodes: dataDir.nodes,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    electionTimeoutMs: config.electionTimeoutMs,
    nowMs: Date.now(),
    onEvent: (event, node) => logEvent(logger, event, node),
  });
  const recorder = new FlightRecorder(dataDir.clusterId, boot);
  const trace = new MessageTrace(dataDir.clusterId, boot);
  let publisher: Publisher | null = null;
  let kv: KvService | null = null;
  let hub: WatchHub | null = null;
  let metrics: Metrics | null = null;
  let onElected = (): void => {};
  const elected = new Promise<void>((resolve) => {
    onElected = resolve;
  });
  const leaders = new LeaderTracker(() => {
    kv?.retryParked();
    hub?.nudge();
    metrics?.leader(leaders.leader);
    if (leaders.leader !== null) onElected();
  });
  const firstElection = new FirstElection(dataDir.nodes.length, (id) =>
    supervisor.node(id).campaign(),
  );
  const supervisor = new Supervisor(
    {
      dataDir,
      runtime,
      migrationsDir: path.join(config.root, 'prisma/migrations'),
      heartbeatIntervalMs: config.heartbeatIntervalMs,
      electionTimeoutMs: config.electionTimeoutMs,
      leaseMs: config.leaseMs,
      processors: availableParallelism(),
    },
    {
      onStarted: (id, pid) => fold.runsIn(id, pid),
      onReport: (report) => {
        try {
          const { storeId, bootEpoch } = report.identity;
          dataDir.noteStore(report.id, storeId, bootEpoch);
        } catch (err) {
          // Its next report tries again; the node itself is none the worse.
          logger.error({ err, node: report.id }, 'the data folder cannot be written');
        }
        fold.report(report);
        metrics?.report(report);
        firstElection.report(report);
        leaders.update(report.id, report.status.role === 'leader' ? report.status.term : null);
        publisher?.nudge();
      },
      onState: (id, state, reason, refusal) => {
        fold.nodeState(id, state, reason, Date.now(), refusal);
        metrics?.nodeState(id, state);
        if (state !== 'serving') leaders.update(id, null);
        if (state === 'down' || state === 'failed') trace.down(id, clock.now().mono);
        hub?.nudge();
        publisher?.nudge();
      },
      onFaults: (id, faults) => {
        fold.faults(id, faults, Date.now());
        publisher?.nudge();
      },
      onTransit: (report) => {
        fold.transit(report, clock.now().mono, Date.now());
        trace.report(report, clock.now().mono);
        publisher?.nudge();
      },
      onLink: (from, to, rule) => {
        fold.link(from, to, rule, Date.now());
        publisher?.nudge();
      },
    },
  );
  const clock = new PacedClock(new RealClock());
  const pace = new ClusterPace(supervisor, clock, (view, what) => {
    fold.pace(view, what);
    trace.pace(view);
    publisher?.nudge();
  });
  const service = new KvService(supervisor, leaders, new SessionPool(), clock);
  kv = service;
  const watches = new WatchHub(new ClusterNodes(supervisor, leaders, service), new MachineTime());
  hub = watches;

  const measured = new Metrics({
    fold,
    supervisor,
    leaders,
    kv: service,
    dataDir: dataDir.path,
    version,
    watchers: () => watches.count,
    sockets: () => publisher?.lines ?? 0,
  });
  metrics = measured;
  const tracing = await tracingOf(config, { version, clusterId: dataDir.clusterId }, logger);
  let page: Page | null = null;
  const membership = new Membership(supervisor, dataDir, fold, leaders, clock, (err) =>
    logger.error({ err }, 'a node that is no member could not be swept up'),
  );
  const restores = new Restores({ kv: service, folder: dataDir.path });
  const chaos = new ChaosRuns(
    {
      kv: service,
      supervisor,
      fold,
      leaders,
      folder: path.join(dataDir.path, 'chaos'),
      judgeFile: path.join(config.root, 'dist/judge.js'),
    },
    (err) => logger.error({ err }, 'a chaos run broke'),
  );
  const access = new Access({
    tokens: config.tokens,
    file: config.tokensFile,
    clusterId: dataDir.clusterId,
    logger,
  });
  const limits = new Limits(config.requestsPerSecond);
  const routes: string[] = [];
  const audit = new Audit({
    kv: service,
    recorded: config.audit,
    file: path.join(dataDir.path, 'audit-waiting.ndjson'),
    serving: () => supervisor.nodes.filter((id) => supervisor.node(id).isServing),
    logger,
  });
  const app = buildApp({
    audit,
    onRoute: (route) => routes.push(route),
    host: config.host,
    allowedHosts: config.allowedHosts,
    tls: config.tls,
    requestWithinMs: config.requestWithinMs,
    socketsPerAddress: config.socketsPerAddress,
    access,
    limits,
    clusterId: dataDir.clusterId,
    kv: service,
    supervisor,
    faults: new Faults(supervisor),
    fold,
    recorder,
    trace,
    leaders,
    membership,
    pace,
    clock,
    restores,
    chaos,
    hub: watches,
    logger,
    build: { version, commit },
    metrics: measured,
    tracing,
    page: config.page
      ? async (request, response) => {
          if (page !== null) await page.handle(request, response);
          else response.writeHead(503, { 'retry-after': '1' }).end('starting\n');
        }
      : null,
  });
  // In development Next's own socket reloads the page.
  ignoreOtherUpgrades(
    app.server,
    (url) => isOfSockets(url) || (config.dev && url.startsWith('/_next/')),
  );
  const inner = new InnerDoor(app.server, config.tls !== null);
  const door = new WatchDoor(watches, logger);
  publisher = new Publisher({
    http: app.server,
    fold,
    recorder,
    watches: new WatchSockets(door),
    gate: new SocketGate({
      access,
      limits,
      maxPerAddress: config.socketsPerAddress,
      refuse: (request) => refuseHost(request, config) ?? refuseOrigin(request),
      wantsOrigin,
      problem: (code, message) => door.refuse(code, message),
    }),
    headers: new Headers(apiHeaders(config.tls !== null)),
  });
  const seconds = setInterval(() => {
    fold.endSecond(Date.now() - METRICS_EVERY_MS, service.takeCounts());
  }, METRICS_EVERY_MS);

  const close = async (): Promise<void> => {
    clearInterval(seconds);
    access.close();
    membership.close();
    watches.close();
    await Promise.all([service.close(DRAIN_WITHIN_MS), restores.close(), chaos.close()]);
    await inner.close(FLUSH_WITHIN_MS);
    await Promise.all([publisher?.close(), closeConnections(app.server)]);
    await app.close();
    audit.close();
    forgetFirstView(boot);
    await page?.close();
    await Promise.all([supervisor.stop(), tracing?.close()]);
    await dataDir.close();
  };

  try {
    await app.ready();
    const url = config.listens
      ? await listen(app.listen({ port: config.port, host: config.host }), config)
      : '';
    leaveFirstView(boot, () => fold.view(Date.now()));
    const loadPage = async (): Promise<void> => {
      if (config.page) page = await openPage(config, app.server, boot);
    };
    await Promise.all([loadPage(), supervisor.start()]);
    const states = supervisor.nodes.map((id) => fold.nodeView(id));
    if (states.every(({ state }) => state === 'failed')) {
      throw new NoNodeError(
        `no node came up: ${states.map(({ id, reason }) => `${id}: ${reason}`).join('; ')}`,
      );
    }
    await Promise.race([elected, delay(FIRST_LEADER_WITHIN_MS, undefined, { ref: false })]);
    return {
      url,
      clusterId: dataDir.clusterId,
      fetch: inner.fetch,
      routes,
      supervisor,
      kv: service,
      fold,
      pace,
      watches,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function runtimeOf({ runNodesAs, root }: Config): NodeRuntime {
  return runNodesAs === 'threads'
    ? new ThreadRuntime(path.join(root, 'dist/worker.js'))
    : new ProcessRuntime({ file: path.join(root, 'dist/node-process.js') });
}

async function tracingOf(
  { tracing }: Config,
  resource: Parameters<typeof startTracing>[1],
  logger: Logger,
): Promise<Tracing | null> {
  return tracing === null ? null : startTracing(tracing, resource, logger);
}

/** Lets what is being sent leave, and ends connections as they fall idle. */
async function closeConnections(server: Server): Promise<void> {
  const untilMs = performance.now() + FLUSH_WITHIN_MS;
  let closed = !server.listening;
  server.once('close', () => {
    closed = true;
  });
  while (!closed && performance.now() < untilMs) {
    server.closeIdleConnections();
    await delay(CLOSE_LOOK_MS);
  }
  server.closeAllConnections();
}

async function listen(listening: Promise<string>, { port, host }: Config): Promise<string> {
  try {
    return await listening;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new ListenError(
        `port ${port} on ${host} is taken; choose another, or 0 for any that is free`,
      );
    }
    throw new ListenError(`cannot listen on ${host}:${port}: ${message}`);
  }
}
