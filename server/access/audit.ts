/**
 * The trail of actions. A record waits here, and in a file of the data folder,
 * until the store has it: an action never waits for its record. Records are
 * written as ordinary values under a key that no client can write. A field is
 * named by its record, so that one that is written twice is there once.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AuditRecord } from '../../contracts/audit.ts';
import type { AuditAnswer } from '../../contracts/audit.ts';
import { AUDIT_KEY } from '../base/reserved.ts';
import type { KvService, ReadOutcome } from '../cluster/kv-service.ts';
import type { Logger } from '../logger.ts';

/** Beyond that the newest is given up, and counted. */
export const MAX_WAITING = 2000;
const RECORDS_A_WRITE = 64;
/** Of one caller who may not; what is beyond in that time stands there as one, ms. */
export const REFUSALS = 60;
const REFUSALS_WITHIN_MS = 60_000;
/** Those of one moment are written together, ms. */
const GATHER_MS = 50;
const WRITE_WITHIN_MS = 5000;
const READ_WITHIN_MS = 1500;
const AGAIN_AFTER_MS = 500;
/** Fields sort upwards, and the newest is to come first. */
const LATEST_MS = 9_999_999_999_999;

type Noted = Omit<AuditRecord, 'id' | 'times'>;

/** Of one caller, lately. */
interface Refusals {
  recorded: number;
  /** Not recorded. */
  more: number;
  last: Noted;
}

type Store = Pick<KvService, 'read' | 'readLocal' | 'write'>;

export interface AuditOptions {
  readonly kv: Store;
  readonly recorded: AuditAnswer['recorded'];
  /** Holds what waits. */
  readonly file: string;
  /** Nodes that serve, to be asked when there is no quorum. */
  serving(): readonly string[];
  readonly logger: Logger;
}

export class Audit {
  private readonly options: AuditOptions;
  private readonly boot = randomBytes(4).toString('hex');
  private waiting: AuditRecord[];
  private number = 0;
  private lost = 0;
  private readonly refusals = new Map<string, Refusals>();
  private writing: Promise<void> | null = null;
  private isClosed = false;

  constructor(options: AuditOptions) {
    this.options = options;
    this.waiting = options.recorded === 'off' ? [] : this.kept();
    this.nudge();
  }

  get recorded(): AuditAnswer['recorded'] {
    return this.options.recorded;
  }

  /** Never throws, and never waits. */
  note(what: Noted): void {
    if (this.recorded === 'off' || (what.status === 403 && this.isBeyond(what))) return;
    this.add(what, 1);
  }

  /** The trail is kept for ever: who is turned away without end does not fill it. */
  private isBeyond(what: Noted): boolean {
    const caller = `${what.who} ${what.from}`;
    const known = this.refusals.get(caller);
    if (known === undefined) {
      this.refusals.set(caller, { recorded: 1, more: 0, last: what });
      setTimeout(() => this.sumUp(caller), REFUSALS_WITHIN_MS).unref();
      return false;
    }
    known.last = what;
    if (known.recorded === REFUSALS) known.more++;
    else known.recorded++;
    return known.more > 0;
  }

  private sumUp(caller: string): void {
    const known = this.refusals.get(caller);
    this.refusals.delete(caller);
    if (known !== undefined && known.more > 0) this.add(known.last, known.more);
  }

  private add(what: Noted, times: number): void {
    const last = this.waiting.at(-1);
    // Who is turned away again and again fills no trail.
    if (
      last !== undefined &&
      what.status >= 400 &&
      this.waiting.length > RECORDS_A_WRITE &&
      isAlike(last, what)
    ) {
      this.waiting[this.waiting.length - 1] = { ...last, times: last.times + times };
      return;
    }
    if (this.waiting.length >= MAX_WAITING) {
      this.lost++;
      this.options.logger.error(
        { audit: what },
        'too many records of actions wait; this one stands here alone',
      );
      return;
    }
    const moment = String(LATEST_MS - what.atMs).padStart(13, '0');
    const number = String(999_999_999 - (this.number++ % 1_000_000_000)).padStart(9, '0');
    const record: AuditRecord = { id: `${moment}-${number}-${this.boot}`, ...what, times };
    this.waiting.push(record);
    this.keep(record);
    this.nudge();
  }

  /** A page, newest first. Null when no node answers. */
  async page(limit: number, start: string | null): Promise<AuditAnswer | null> {
    const query = {
      type: 'scan',
      key: AUDIT_KEY,
      limit,
      ...(start !== null && { start }),
    } as const;
    let outcome: ReadOutcome = await this.options.kv.read(query, READ_WITHIN_MS);
    const current = outcome.ok;
    for (const node of outcome.ok ? [] : this.options.serving()) {
      outcome = await this.options.kv.readLocal(node, query, READ_WITHIN_MS);
      if (outcome.ok) break;
    }
    if (!outcome.ok || !outcome.result.ok || outcome.result.answer.type !== 'scan') return null;
    const { fields, next } = outcome.result.answer;
    return {
      recorded: this.recorded,
      records: fields.flatMap(({ value }) => parsed(typeof value === 'string' ? value : '')),
      next,
      waiting: this.waiting.length,
      lost: this.lost,
      current,
    };
  }

  /** What still waits is in its file, for the next start. */
  close(): void {
    for (const caller of this.refusals.keys()) this.sumUp(caller);
    this.isClosed = true;
  }

  private nudge(): void {
    if (this.waiting.length === 0 || this.writing !== null) return;
    this.writing = this.writeAll().finally(() => {
      this.writing = null;
      if (!this.isClosed) this.nudge();
    });
  }

  private async writeAll(): Promise<void> {
    await delay(GATHER_MS, undefined, { ref: false });
    while (this.waiting.length > 0 && !this.isClosed) {
      const batch = this.waiting.slice(0, RECORDS_A_WRITE);
      const success = batch.map(
        (record) =>
          ({ op: 'set', key: AUDIT_KEY, field: record.id, value: JSON.stringify(record) }) as const,
      );
      const outcome = await this.options.kv.write(
        { op: 'txn', conditions: [], success, failure: [] },
        WRITE_WITHIN_MS,
      );
      if (!outcome.ok || !outcome.result.ok) {
        await delay(AGAIN_AFTER_MS, undefined, { ref: false });
        continue;
      }
      this.waiting.splice(0, batch.length);
      if (this.waiting.length === 0) this.forget();
    }
  }

  private kept(): AuditRecord[] {
    const { file, logger } = this.options;
    try {
      if (!existsSync(file)) return [];
      return readFileSync(file, 'utf8').split('\n').flatMap(parsed).slice(0, MAX_WAITING);
    } catch (err) {
      logger.error({ err }, 'records of actions that waited cannot be read');
      return [];
    }
  }

  private keep(record: AuditRecord): void {
    try {
      appendFileSync(this.options.file, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    } catch (err) {
      this.options.logger.error({ err, audit: record }, 'a record of an action is in memory alone');
    }
  }

  private forget(): void {
    try {
      rmSync(this.options.file, { force: true });
    } catch (err) {
      // They would be written again, under their own names.
      this.options.logger.error({ err }, 'records of actions could not be cleared away');
    }
  }
}

function isAlike(a: AuditRecord, b: Noted): boolean {
  return a.who === b.who && a.what === b.what && a.from === b.from && a.outcome === b.outcome;
}

function parsed(text: string): readonly AuditRecord[] {
  if (text === '') return [];
  try {
    const record = AuditRecord.safeParse(JSON.parse(text));
    return record.success ? [record.data] : [];
  } catch {
    return [];
  }
}
