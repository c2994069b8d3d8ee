/**
 * Clients in processes of their own write, read and watch, while single nodes are struck
 * and the whole server is killed by SIGKILL again and again, or lives on for hours. What the
 * clients are told is held against what the store has, epoch by epoch.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../client/kv/index.ts';
import type { KvClient } from '../client/kv/index.ts';
import { ServerProcess } from '../harness/server-process.ts';
import type { ServerSettings } from '../harness/server-process.ts';
import { Random } from '../server/base/random.ts';
import { Books } from './books.ts';
import type { Counts } from './books.ts';
import { END_KEY, FIELD } from './events.ts';
import type { Told } from './events.ts';
import { forgetAfter, mend, strike } from './faults.ts';
import type { Blow } from './faults.ts';
import { Fleet } from './fleet.ts';
import { checkFlat } from './flat.ts';
import type { Sample } from './flat.ts';
import { filesMb, residentMb } from './gauge.ts';
import { Judging } from './judging.ts';
import { lookAt } from './look.ts';
import { Signal } from './signal.ts';

export interface Plan {
  readonly seed: number;
  /** Ends after so many kills of the server, or so much time, whichever is given. */
  readonly kills: number | null;
  readonly durationMs: number | null;
  readonly clients: number;
  readonly workers: number;
  /** A server lives until so many more operations were answered, between these; null: it lives on. */
  readonly life: readonly [number, number] | null;
  /** Between blows against single nodes, ms on average. */
  readonly blowEveryMs: number;
  /** Keys in use change when so much time has passed, ms. */
  readonly epochMs: number;
  /** After its end an epoch is left alone for so long before it is judged, ms. */
  readonly graceMs: number;
  /** Nothing older than that is kept; null: everything. It leaves time to judge. */
  readonly retentionMs: number | null;
  readonly runNodesAs: 'threads' | 'processes';
  readonly root: string;
  readonly dataDir: string;
  /** Bundles of the client process. */
  readonly clientFile: string;
  /** Hears what goes on, a line at a time. */
  readonly say: (line: string) => void;
  /** Is given what was told, as it is judged. */
  readonly record: (told: readonly Told[]) => void;
}

export interface Findings {
  readonly kills: number;
  readonly blows: Readonly<Partial<Record<Blow, number>>>;
  readonly counts: Readonly<Counts>;
  /** Places in the past that were rightly said to be forgotten. */
  readonly forgotten: number;
  readonly complaints: readonly string[];
  /** Whether the run was long enough to judge by whether memory and files grow. */
  readonly judgedGrowth: boolean;
  /** From start to ready, of each life, ms. */
  readonly startsMs: readonly number[];
  readonly samples: readonly Sample[];
  readonly tookMs: number;
}

/** Blows may have cost it its quorum for good until they are mended. */
const LONGEST_LIFE_MS = 20_000;
const SAMPLE_EVERY_MS = 2000;
const SAY_EVERY_MS = 60_000;
const PATIENT = { timeoutMs: 60_000 } as const;

export async function torture(plan: Plan): Promise<Findings> {
  return new Run(plan).run();
}

class Run {
  private readonly plan: Plan;
  private readonly random: Random;
  private readonly names: readonly string[];
  private readonly books: Books;
  private readonly heard = new Signal();
  private readonly blows: Partial<Record<Blow, number>> = {};
  private readonly startsMs: number[] = [];
  private readonly samples: Sample[] = [];
  private readonly complaints: string[] = [];
  private readonly broken = new Set<string>();
  private readonly startedMs = performance.now();
  /** Of its first life; it keeps it. 0: the system chooses. */
  private port = 0;
  private kills = 0;
  /** Operations with an answer. */
  private answered = 0;
  private server!: ServerProcess;
  private settings!: ServerSettings;
  private client!: KvClient;
  private judging!: Judging;

  constructor(plan: Plan) {
    this.plan = plan;
    this.random = Random.fromSeed(plan.seed);
    this.names = Array.from({ length: plan.clients }, (_, i) => `p${i}`);
    this.books = new Books(this.names);
  }

  async run(): Promise<Findings> {
    const { root, dataDir, runNodesAs, retentionMs } = this.plan;
    this.settings = {
      cwd: root,
      dataDir,
      detached: true,
      // That nodes die is what this is about.
      env: { RUN_NODES_AS: runNodesAs, PAGE: 'off', LOG_LEVEL: 'fatal' },
    };
    let fleet: Fleet | null = null;
    let going: Promise<void> = Promise.resolve();
    const beside = new AbortController();
    try {
      await this.begin();
      this.client = connect({ url: this.url, ...PATIENT });
      if (retentionMs !== null) await forgetAfter(this.url, retentionMs);
      const { books, client, heard } = this;
      this.judging = new Judging({ ...this.plan, books, client, heard });
      fleet = await this.beginClients();
      const besides = Promise.all([
        this.judging.goOn(beside.signal),
        this.sampleUntil(beside.signal),
      ]);
      going = this.goThroughIt(beside.signal);
      await Promise.race([going, besides]);
      beside.abort();
      await besides;
      await this.end(fleet);
      await this.client.close();
      const code = await this.server.end('SIGTERM');
      if (code !== 0)
        this.complaints.push(`the server ended with code ${code} when it was to stop`);
      return this.findings();
    } finally {
      beside.abort();
      fleet?.kill();
      // It may be starting one more server.
      await going.catch(() => {});
      if (this.startsMs.length > 0) await this.server.end('SIGKILL');
    }
  }

  private findings(): Findings {
    // Until retention has gone round twice the files grow, as they should.
    const flat =
      this.plan.life === null ? checkFlat(this.samples, 2 * (this.plan.retentionMs ?? 0)) : null;
    return {
      kills: this.kills,
      blows: this.blows,
      counts: this.books.counts,
      forgotten: this.judging.forgotten,
      complaints: [...this.found, ...(flat ?? [])],
      judgedGrowth: flat !== null,
      startsMs: this.startsMs,
      samples: this.samples,
      tookMs: this.tookMs,
    };
  }

  private get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  private get found(): readonly string[] {
    return [
      ...this.books.complaints,
      ...this.judging.complaints,
      ...this.complaints,
      ...this.broken,
    ];
  }

  private get tookMs(): number {
    return performance.now() - this.startedMs;
  }

  // --- lives and blows -----------------------------------------------------------------

  private async begin(): Promise<void> {
    this.server = await ServerProcess.start({ ...this.settings, port: this.port });
    this.port = Number(new URL(this.server.url).port);
    void this.server.gone.then(() => this.heard.notify());
    this.startsMs.push(this.server.readyAfterMs);
  }

  private async goThroughIt(signal: AbortSignal): Promise<void> {
    const { kills, durationMs, life } = this.plan;
    if (life === null) {
      await this.live(() => false, durationMs ?? 0, signal);
      return;
    }
    const isOver = (): boolean =>
      signal.aborted || (kills !== null ? this.kills >= kills : this.tookMs >= (durationMs ?? 0));
    while (!isOver()) {
      const enough = this.answered + this.random.nextInt(...life);
      await this.live(() => this.answered >= enough, LONGEST_LIFE_MS, signal);
      await this.server.end('SIGKILL');
      this.kills++;
      await this.begin();
    }
  }

  /** With blows against single nodes. */
  private async live(
    isEnough: () => boolean,
    longestMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const over = new AbortController();
    const striking = this.strikeUntil(over.signal);
    await this.heard.until(() => isEnough() || this.server.isGone, longestMs, signal);
    if (this.server.isGone) {
      this.complaints.push('the server ended by itself');
      await this.begin();
    }
    await this.sample();
    over.abort();
    await striking;
  }

  private async strikeUntil(signal: AbortSignal): Promise<void> {
    const random = this.random.fork();
    const wait = (): Promise<void> =>
      rest((0.5 + random.nextFloat()) * this.plan.blowEveryMs, signal);
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

  private async beginClients(): Promise<Fleet> {
    const { revision } = await this.client.set('begin', FIELD, 'now');
    const { workers, epochMs, clientFile } = this.plan;
    const plans = this.names.map((name) => ({
      name,
      url: this.url,
      seed: this.random.nextInt(0, 2 ** 31),
      workers,
      watchAfter: revision,
      epochMs,
    }));
    return new Fleet(clientFile, plans, (client, message) => {
      this.books.note(client, message);
      if (message.type === 'looked') this.answered++;
      if (message.type === 'told' && message.told.outcome === 'ok') this.answered++;
      this.heard.notify();
    });
  }

  /** All that is open is answered, judged, and told of by the watches. */
  private async end(fleet: Fleet): Promise<void> {
    await mend(this.url);
    this.complaints.push(...(await fleet.rest()));
    await this.judging.finish();
    this.complaints.push(...(await fleet.done(() => this.client.set(END_KEY, FIELD, 'now'))));
    this.books.finish();
    await this.sample();
  }

  // --- what it costs -------------------------------------------------------------------

  private async sampleUntil(signal: AbortSignal): Promise<void> {
    let saidMs = 0;
    while (!signal.aborted) {
      await rest(SAMPLE_EVERY_MS, signal);
      await this.sample();
      if (this.tookMs - saidMs < SAY_EVERY_MS) continue;
      saidMs = this.tookMs;
      this.plan.say(this.progress());
    }
  }

  private async sample(): Promise<void> {
    const looked = await lookAt(this.url);
    for (const each of looked.broken) this.broken.add(each);
    const pids = new Set([this.server.pid, ...looked.pids]);
    this.samples.push({
      atMs: this.tookMs,
      answered: this.answered,
      residentMb: await residentMb([...pids]),
      ...(await filesMb(this.plan.dataDir)),
    });
  }

  private progress(): string {
    const { epochs } = this.books.counts;
    const { residentMb: memory = 0, databaseMb = 0 } = this.samples.at(-1) ?? {};
    const blows = Object.values(this.blows).reduce((sum, times) => sum + times, 0);
    return [
      `${(this.tookMs / 60_000).toFixed(0)} min`,
      `${this.kills} kills`,
      `${blows} blows`,
      `${this.answered} answers`,
      `${epochs} epochs judged`,
      `memory ${memory.toFixed(0)} MiB`,
      `databases ${databaseMb.toFixed(0)} MiB`,
      `${this.found.length} findings`,
    ].join(', ');
  }
}

/** Until so many ms have passed, or the signal is aborted. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => {});
}
