/** A server in a program's own process, as the program holds it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiRequest } from '../client/api-request.ts';
import { HEAL } from '../client/fault-requests.ts';
import { ChronoraftClient } from '../client/http-client.ts';
import { ClosedError, connect } from '../client/kv/index.ts';
import type { ConnectOptions, KvClient } from '../client/kv/index.ts';
import type { Fault, LastingFault } from '../contracts/faults.ts';
import type { RunningServer } from '../server/server.ts';
import type { Chronoraft, ClientOptions } from './chronoraft.ts';
import { FaultError } from './fault-error.ts';
import { breaking, mending } from './faults.ts';
import { ServerTime } from './server-time.ts';

/** Writes of clients that are under way have this long to come to their end, ms; the server gives those that it has some more. */
const WRITES_WITHIN_MS = 2000;
/** No name is looked up, and nothing is sent there. */
const NOWHERE = 'http://localhost';

export class EmbeddedServer implements Chronoraft<string | null> {
  readonly url: string | null;
  readonly clusterId: string;
  readonly dataDir: string;
  readonly fetch: typeof fetch;
  private readonly server: RunningServer;
  private readonly time = new ServerTime();
  private readonly clients: KvClient[] = [];
  private readonly api: ChronoraftClient;
  private readonly afterwards: () => void;
  private closed: Promise<void> | null = null;

  /** `afterwards` runs once it is closed. */
  constructor(server: RunningServer, dataDir: string, afterwards: () => void) {
    this.server = server;
    this.url = server.url === '' ? null : server.url;
    this.clusterId = server.clusterId;
    this.dataDir = dataDir;
    this.fetch = server.fetch;
    this.afterwards = afterwards;
    this.api = new ChronoraftClient({ baseUrl: NOWHERE, fetch: server.fetch });
  }

  client(options: ClientOptions = {}): KvClient {
    if (this.closed !== null) throw new ClosedError('the server is closed');
    const own: ConnectOptions = { url: NOWHERE, fetch: this.fetch, clock: this.time };
    const client = connect({ ...options, ...own });
    this.clients.push(client);
    return client;
  }

  async fault(fault: Fault): Promise<void> {
    await this.ask([breaking(fault)]);
  }

  async mend(fault: LastingFault): Promise<void> {
    await this.ask(mending(fault));
  }

  async heal(): Promise<void> {
    await this.ask([HEAL]);
  }

  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async ask(requests: readonly ApiRequest[]): Promise<void> {
    for (const request of requests) {
      const result = await this.api.call(request);
      if (result.ok) continue;
      const { code, message, cause } = result.failure;
      throw new FaultError(code, message, cause);
    }
  }

  private async end(): Promise<void> {
    const ended = Promise.all(this.clients.map((client) => client.close()));
    try {
      const giveUp = new AbortController();
      const limit = delay(WRITES_WITHIN_MS, undefined, { signal: giveUp.signal }).catch(() => {});
      await Promise.race([ended, limit]);
      giveUp.abort();
      await this.server.close();
    } finally {
      this.time.end();
      await ended;
      this.afterwards();
    }
  }
}
