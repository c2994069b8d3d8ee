/**
 * Clients in processes of their own write, read and watch, while the whole server is killed
 * by SIGKILL again and again, and single nodes in between. In the end everything that the
 * clients were told is held against what the store has.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../client/kv/index.ts';
import type { KvClient } from '../client/kv/index.ts';
import type { KeyVerdict } from '../contracts/chaos.ts';
import { judge } from '../server/lab/judge.ts';
import { Random } from '../server/base/random.ts';
import { checkCertificate, checkWatch } from './certificate.ts';
import type { Kept } from './certificate.ts';
import { END_KEY, FIELD } from './events.ts';
import type { FromClient, Seen, Told, ToClient } from './events.ts';
import { mend, strike } from './faults.ts';
import type { Blow } from './faults.ts';
import { ServerLife } from './server-life.ts';
import type { ServerSettings } from './server-life.ts';

export interface Plan {
  readonly seed: number;
  /** Ends after so many kills of the server, or so much time, whichever is given. */
  readonly kills: number | null;
  readonly durationMs: number | null;
  readonly clients: number;
  readonly workers: number;
  /** A server lives until so many more operations were answered, between these. */
  readonly life: readonly [number, number];
  /** Between blows against single nodes, ms on average. */
  readonly blowEveryMs: number;
  readonly runNodesAs: ServerSettings['runNodesAs'];
  readonly root: string;
  readonly dataDir: string;
  /** Bundles of the client process. */
  readonly clientFile: string;
  /** Hears what goes on, a line at a time. */
  readonly say: (line: string) => void;
}

export interface Findings {
  readonly kills: number;
  readonly blows: Readonly<Partial<Record<Blow, number>>>;
  readonly told: readonly Told[];
  readonly watched: number;
  readonly keys: readonly KeyVerdict[];
  readonly complaints: readonly string[];
  /** From start to ready, of each life, ms. */
  readonly startsMs: readonly number[];
  /** Of the server, at the end of each life, MiB. */
  readonly residentMb: readonly number[];
  readonly databaseBytes: number;
  readonly tookMs: number;
}

/** A client that does not settle in this time hangs, ms. */
const SETTLE_WITHIN_MS = 180_000;
const KEYS_FOR_MS = 5000;
/** Blows may have cost it its quorum for good until they are mended. */
const LONGEST_LIFE_MS = 20_000;
const LOOK_EVERY_MS = 2;

export async function torture(plan: Plan): Promise<Findings> {
  return new Run(plan).run();
}

class Run {
  private readonly plan: Plan;
  private readonly random: Random;
  private readonly told: Told[] = [];
  private readonly seen = new Map<string, Seen[]>();
  private readonly complaints: string[] = [];
  private readonly clients: Client[] = [];
  private readonly blows: Partial<Record<Blow, number>> = {};
  private readonly startsMs: number[] = [];
  private readonly residentMb: number[] = [];
  private kills = 0;
  /** Operations with an answer. */
  private answered = 0;
  private server!: ServerLife;
  private settings!: ServerSettings;

  constructor(plan: Plan) {
    this.plan = plan;
    this.random = Random.fromSeed(plan.seed);
  }

  async run(): Promise<Findings> {
    const { root, dataDir, runNodesAs, say } = this.plan;
    const startedMs = performance.now();
    this.settings = { root, port: await freePort(), dataDir, runNodesAs };
    try {
      await this.begin();
      await this.beginClients();
      while (!this.isOver(startedMs)) {
        await this.liveAndDie();
        await this.begin();
        if (this.kills % 10 === 0) say(`${this.kills} kills, ${this.told.length} operations`);
      }
      await mend(this.url);
      const client = connect({ url: this.url, timeoutMs: 60_000 });
      await this.settle(client);
      const kept = await keptOf(client, this.told);
      await client.close();
      this.told.sort((a, b) => a.callMs - b.callMs);
      this.judge(kept);
      const keys = [...judge(this.told, [...kept.keys()])];
      for (const { key, verdict } of keys)
        if (verdict !== 'linearizable') this.complaints.push(`${key}: ${verdict}`);
      this.residentMb.push(await residentMb(this.server.pid));
      const code = await this.server.stop();
      if (code !== 0)
        this.complaints.push(`the server ended with code ${code} when it was to stop`);
      return {
        kills: this.kills,
        blows: this.blows,
        told: this.told,
        watched: Math.min(...[...this.seen.values()].map(({ length }) => length)),
        keys,
        complaints: this.complaints,
        startsMs: this.startsMs,
        residentMb: this.residentMb,
        databaseBytes: databaseBytes(dataDir),
        tookMs: performance.now() - startedMs,
      };
    } finally {
      for (const client of this.clients) client.kill();
      await this.server.kill().catch(() => {});
    }
  }

  private get url(): string {
    return `http://127.0.0.1:${this.settings.port}`;
  }

  private isOver(startedMs: number): boolean {
    const { kills, durationMs } = this.plan;
    if (kills !== null && this.kills >= kills) return true;
    return durationMs !== null && performance.now() - startedMs >= durationMs;
  }

  private async begin(): Promise<void> {
    this.server = await ServerLife.begin(this.settings);
    this.startsMs.push(this.server.readyAfterMs);
  }

  /** The server lives for a while, with blows against its nodes, and is killed. */
  private async liveAndDie(): Promise<void> {
    const { life: span, blowEveryMs } = this.plan;
    const enough = this.answered + this.random.nextInt(...span);
    const life = new AbortController();
    const striking = this.strikeUntil(life.signal, blowEveryMs);
    const untilMs = performance.now() + LONGEST_LIFE_MS;
    while (this.answered < enough && performance.now() < untilMs) await delay(LOOK_EVERY_MS);
    this.residentMb.push(await residentMb(this.server.pid));
    await this.server.kill();
    this.kills++;
    life.abort();
    await striking;
  }

  private async strikeUntil(signal: AbortSignal, everyMs: number): Promise<void> {
    const random = this.random.fork();
    const wait = (): Promise<void> =>
      delay((0.5 + random.nextFloat()) * everyMs, undefined, { signal }).catch(() => {});
    await wait();
    while (!signal.aborted) {
      const blow = await strike(this.url, random);
      if (blow !== null) this.blows[blow] = (this.blows[blow] ?? 0) + 1;
      await wait();
      if (!signal.aborted) await mend(this.url);
      await wait();
    }
  }

  // --- clients -------------------------------------------------------------------------

  private async beginClients(): Promise<void> {
    const client = connect({ url: this.url, timeoutMs: 60_000 });
    const { revision } = await client.set('begin', FIELD, 'now');
    await client.close();
    const { clients, workers, clientFile } = this.plan;
    for (let i = 0; i < clients; i++) {
      const name = `p${i}`;
      const seen: Seen[] = [];
      this.seen.set(name, seen);
      const started = new Client(clientFile, (message) => {
        if (message.type === 'told') {
          this.told.push(message.told);
          if (message.told.outcome === 'ok') this.answered++;
        }
        if (message.type === 'seen') seen.push(...message.seen);
      });
      this.clients.push(started);
      started.send({
        type: 'begin',
        plan: {
          name,
          url: this.url,
          seed: this.random.nextInt(0, 2 ** 31),
          workers,
          watchAfter: revision,
          epochMs: KEYS_FOR_MS,
        },
      });
    }
  }

  /** All that is open is answered, and every watch has told everything. */
  private async settle(client: KvClient): Promise<void> {
    const all = async (told: 'resting' | 'done', ask: () => unknown): Promise<void> => {
      const heard = Promise.allSettled(this.clients.map((each) => each.heard(told)));
      await ask();
      for (const each of await heard)
        if (each.status === 'rejected') this.complaints.push(String(each.reason));
    };
    await all('resting', () => {
      for (const each of this.clients) each.send({ type: 'rest' });
    });
    await all('done', () => client.set(END_KEY, FIELD, 'now'));
  }

  private judge(kept: ReadonlyMap<string, readonly Kept[]>): void {
    this.complaints.push(...checkCertificate(this.told, kept));
    for (const [name, seen] of this.seen)
      this.complaints.push(...checkWatch(`the watch of ${name}`, seen, kept));
  }
}

class Client {
  private readonly child: ChildProcess;
  private readonly onMessage: (message: FromClient) => void;
  private onHeard: (type: FromClient['type']) => void = () => {};
  private readonly failed: Promise<never>;

  constructor(file: string, onMessage: (message: FromClient) => void) {
    this.onMessage = onMessage;
    this.child = fork(file, [], { serialization: 'advanced' });
    this.child.on('message', (message) => {
      this.onMessage(message as FromClient);
      this.onHeard((message as FromClient).type);
    });
    this.failed = once(this.child, 'exit').then(([code]) => {
      throw new Error(`a client ended with code ${code}`);
    });
    this.failed.catch(() => {});
  }

  send(message: ToClient): void {
    if (this.child.connected) this.child.send(message);
  }

  /** Resolves when it says so; rejects when it ends first, or does not say so in time. */
  async heard(type: FromClient['type']): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.onHeard = (heard) => {
        if (heard === type) resolve();
      };
    });
    const limit = new AbortController();
    const late = delay(SETTLE_WITHIN_MS, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`a client does not come to ${type}`);
    });
    late.catch(() => {});
    try {
      await Promise.race([answered, this.failed, late]);
    } finally {
      limit.abort();
    }
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** Every version of every key that anybody asked for. */
async function keptOf(
  client: KvClient,
  told: readonly Told[],
): Promise<ReadonlyMap<string, readonly Kept[]>> {
  const kept = new Map<string, readonly Kept[]>();
  for (const key of new Set(told.map((each) => each.key))) {
    const versions: Kept[] = [];
    for await (const version of client.history(key, FIELD))
      versions.push({ revision: version.revision, value: String(version.value) });
    kept.set(
      key,
      versions.sort((a, b) => a.revision - b.revision),
    );
  }
  return kept;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Of one process, MiB; 0 where the system does not tell. */
async function residentMb(pid: number): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function databaseBytes(dataDir: string): number {
  return ['n1', 'n2', 'n3']
    .flatMap((id) => [`${id}.db`, `${id}.db-wal`])
    .map((name) => statSync(path.join(dataDir, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}
