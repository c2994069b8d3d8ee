/** Puts the parts together: nodes, the service in front of them, the view of them, and the doors. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { ClusterViewFold } from './cluster/cluster-view.ts';
import { DataDir } from './cluster/data-dir.ts';
import { KvService } from './cluster/kv-service.ts';
import { LeaderTracker } from './cluster/leader-tracker.ts';
import { SessionPool } from './cluster/sessions.ts';
import { Supervisor } from './cluster/supervisor.ts';
import type { Config } from './config.ts';
import { buildApp } from './http/app.ts';
import { refuseHost, refuseOrigin } from './http/origin.ts';
import { openPage } from './http/page.ts';
import type { Page } from './http/page.ts';
import { Publisher } from './live/publisher.ts';
import type { Logger } from './logger.ts';

const METRICS_EVERY_MS = 1000;

/** The address cannot be listened on; the message is one line for a person. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface RunningServer {
  readonly url: string;
  readonly supervisor: Supervisor;
  readonly kv: KvService;
  readonly fold: ClusterViewFold;
  /** Stops listening, answers what is open, closes every node's database. */
  close(): Promise<void>;
}

/** Starts everything; on failure nothing is left running. Throws DataDirError or {@link ListenError}. */
export async function startServer(config: Config, logger: Logger, version: string): Promise<RunningServer> {
  const dataDir = DataDir.open(config.dataDir);
  const boot = randomBytes(6).toString('hex');
  const fold = new ClusterViewFold({
    epoch: boot,
    clusterId: dataDir.clusterId,
    voters: config.nodes,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    electionTimeoutMs: config.electionTimeoutMs,
    nowMs: Date.now(),
  });
  let publisher: Publisher | null = null;
  let kv: KvService | null = null;
  const leaders = new LeaderTracker(() => kv?.retryParked());
  const supervisor = new Supervisor(
    {
      nodes: config.nodes,
      dataDir,
      workerFile: path.join(config.root, 'dist/worker.js'),
      migrationsDir: path.join(config.root, 'prisma/migrations'),
      heartbeatIntervalMs: config.heartbeatIntervalMs,
      electionTimeoutMs: config.electionTimeoutMs,
    },
    {
      onReport: (report) => {
        fold.report(report);
        leaders.update(report.id, report.status.role === 'leader' ? report.status.term : null);
        publisher?.nudge();
      },
      onState: (id, state, reason) => {
        if (state === 'failed') logger.error({ node: id, reason }, 'node failed');
        else logger.info({ node: id, state, reason }, 'node');
        fold.nodeState(id, state, reason, Date.now());
        if (state !== 'serving') leaders.update(id, null);
        publisher?.nudge();
      },
      onLink: (from, to, rule) => {
        fold.link(from, to, rule, Date.now());
        publisher?.nudge();
      },
    },
  );
  const service = new KvService(supervisor, leaders, new SessionPool(boot));
  kv = service;

  let page: Page | null = null;
  const app = buildApp({
    host: config.host,
    kv: service,
    supervisor,
    fold,
    leaders,
    logger,
    version,
    page: config.page
      ? async (request, response) => {
          if (page !== null) await page.handle(request, response);
          else response.writeHead(503, { 'retry-after': '1' }).end('starting\n');
        }
      : null,
  });
  publisher = new Publisher({
    http: app.server,
    fold,
    refuse: (request) => refuseHost(request, config) ?? refuseOrigin(request),
  });
  const metrics = setInterval(() => {
    fold.endSecond(Date.now() - METRICS_EVERY_MS, service.takeCounts());
  }, METRICS_EVERY_MS);

  const close = async (): Promise<void> => {
    clearInterval(metrics);
    service.close();
    await publisher?.close();
    await app.close();
    await page?.close();
    await supervisor.stop();
    dataDir.close();
  };

  try {
    const url = await listen(app.listen({ port: config.port, host: config.host }), config);
    process.env['CHRONORAFT_URL'] = url;
    if (config.page) page = await openPage(config, app.server);
    await supervisor.start();
    return { url, supervisor, kv: service, fold, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(listening: Promise<string>, { port, host }: Config): Promise<string> {
  try {
    return await listening;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new ListenError(`port ${port} on ${host} is taken; choose another with PORT=…`);
    }
    throw new ListenError(`cannot listen on ${host}:${port}: ${message}`);
  }
}
