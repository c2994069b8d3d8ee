/**
 * Restores a checked file through the log, entry by entry, each at most once.
 *
 * The present: every entry bears the timestamp of the first, so that the view at
 * that instant is what the file shows, as a whole, and whatever others write
 * meanwhile is later and stands. A repeat finds most of it done.
 *
 * A history: every entry adds versions after the last that is there, and the
 * store refuses it if there is anything else (T22), so that two cannot be mixed.
 * A repeat compares what is there with the file, and goes on where that ends.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { BackupHeader, BackupRestoreAnswer, RestoreMode } from '../../contracts/backup.ts';
import { LIMITS } from '../../contracts/kv.ts';
import { must } from '../base/assert.ts';
import type { KvService, ReadOutcome, WriteOutcome } from '../cluster/kv-service.ts';
import { compareCells } from '../kv/bytes-order.ts';
import type {
  ApplyResult,
  Cell,
  ImportedField,
  KvError,
  Outcome,
  Value,
  Version,
  VersionAddress,
  WriteCommand,
} from '../kv/types.ts';
import { standingFields, versionBatches } from './import-batches.ts';
import { readBackup } from './read-backup.ts';
import type { VersionsPage } from './write-backup.ts';

/** A cluster that takes no entry, or answers no page, for so long ends the restore, ms. */
const ENTRY_WITHIN_MS = 60_000;
const OVERLOADED_WAIT_MS = 100;

export interface Written {
  passed: number;
  written: number;
}

type Why =
  | { readonly at: 'write'; readonly outcome: Extract<WriteOutcome, { ok: false }> }
  | { readonly at: 'read'; readonly outcome: Extract<ReadOutcome, { ok: false }> }
  | { readonly at: 'store'; readonly error: KvError };

/** The restore came no further than `written`. */
export class RestoreStopped extends Error {
  override readonly name = 'RestoreStopped';
  readonly why: Why;
  readonly written: number;

  constructor(why: Why, written: number) {
    super(why.at === 'store' ? why.error.message : why.outcome.code);
    this.why = why;
    this.written = written;
  }
}

type Applied = Extract<ApplyResult, { ok: true }>;

export class FileRestore {
  /** To be looked at while it runs. */
  readonly progress: Written = { passed: 0, written: 0 };
  private readonly kv: KvService;
  private readonly file: string;
  private readonly header: BackupHeader;
  private firstRevision: number | null = null;
  private lastRevision: number | null = null;

  constructor(kv: KvService, file: string, header: BackupHeader) {
    this.kv = kv;
    this.file = file;
    this.header = header;
  }

  /** `versions` is their number in the file. Throws {@link RestoreStopped}. */
  async run(mode: RestoreMode, versions: number): Promise<BackupRestoreAnswer> {
    const timestamp = mode === 'present' ? await this.present() : await this.history();
    return {
      outcome: 'committed',
      mode,
      backup: this.header,
      versions,
      written: this.progress.written,
      firstRevision: this.firstRevision,
      lastRevision: this.lastRevision,
      timestamp,
    };
  }

  // --- the present -------------------------------------------------------------------

  private async present(): Promise<number> {
    let timestamp: number | null = null;
    let from: Cell | null = null;
    for await (const batch of standingFields(readBackup(this.file), this.header)) {
      let { fields } = batch;
      // One entry does a bounded amount of work: the store says how far it came.
      for (;;) {
        const { outcome, timestamp: at } = await this.write({
          op: 'import',
          prefix: this.prefix,
          from,
          to: batch.to,
          fields,
          ...(timestamp !== null && { timestamp }),
        });
        timestamp ??= at;
        const { fields: changed, settled } = of('import', outcome);
        this.progress.written += changed;
        if (settled === null) break;
        from = settled;
        fields = fieldsAfter(fields, settled);
      }
      from = batch.to;
      this.progress.passed = batch.passed;
    }
    return must(timestamp, 'the last batch is written, be it empty');
  }

  // --- histories ---------------------------------------------------------------------

  private async history(): Promise<null> {
    const there = await this.compared();
    let from = there.last;
    this.progress.passed = there.equal;
    for await (const { versions, passed } of versionBatches(readBackup(this.file), there.equal)) {
      const { revision, outcome } = await this.write({
        op: 'importHistory',
        prefix: this.prefix,
        from,
        versions,
      });
      const { versions: added } = of('importHistory', outcome);
      const { key, field, timestamp } = must(
        versions[versions.length - 1],
        'batches have versions',
      );
      from = {
        key,
        field,
        timestamp,
        revision: must(revision, 'versions were added'),
        op: added - 1,
      };
      this.progress.written += added;
      this.progress.passed = passed;
    }
    return null;
  }

  /** How much of the file is there, and its last version in the store; anything else there is NOT_EMPTY. */
  private async compared(): Promise<{ equal: number; last: VersionAddress | null }> {
    const theirs = this.versionsThere();
    let equal = 0;
    let last: VersionAddress | null = null;
    for await (const chunk of readBackup(this.file)) {
      for (const version of chunk) {
        const { value: held, done } = await theirs.next();
        if (done === true) return { equal, last };
        if (!isSameVersion(held, version)) throw this.notEmpty(held);
        const { key, field, timestamp, revision, op } = held;
        last = { key, field, timestamp, revision, op };
        equal++;
      }
    }
    const { value: held, done } = await theirs.next();
    if (done !== true) throw this.notEmpty(held);
    return { equal, last };
  }

  /** All of one view. */
  private async *versionsThere(): AsyncGenerator<Version, null> {
    let page = await this.page({});
    for (;;) {
      yield* page.versions;
      if (page.next === null) return null;
      page = await this.page({ asOf: page.asOf, start: page.next });
    }
  }

  private async page(where: {
    readonly asOf?: number;
    readonly start?: VersionAddress;
  }): Promise<VersionsPage> {
    const { prefix } = this;
    const outcome = await this.kv.read(
      {
        type: 'versions',
        ...(prefix !== undefined && { prefix }),
        ...where,
        limit: LIMITS.pageSize,
      },
      ENTRY_WITHIN_MS,
    );
    if (!outcome.ok) throw this.stopped({ at: 'read', outcome });
    if (!outcome.result.ok) throw this.stopped({ at: 'store', error: outcome.result.error });
    return outcome.result.answer as VersionsPage;
  }

  private notEmpty({ key, field }: Cell): RestoreStopped {
    const message = `${key}.${field} has versions that are not of this history`;
    return this.stopped({ at: 'store', error: { code: 'NOT_EMPTY', message } });
  }

  // --- entries -----------------------------------------------------------------------

  private async write(command: WriteCommand): Promise<Applied> {
    const untilMs = performance.now() + ENTRY_WITHIN_MS;
    for (;;) {
      const outcome = await this.kv.write(command, ENTRY_WITHIN_MS);
      if (outcome.ok) {
        const { result } = outcome;
        if (!result.ok) throw this.stopped({ at: 'store', error: result.error });
        this.firstRevision ??= result.revision;
        this.lastRevision = result.revision ?? this.lastRevision;
        return result;
      }
      // Nothing was logged: others are in a hurry, we are not.
      if (outcome.code !== 'OVERLOADED' || performance.now() > untilMs)
        throw this.stopped({ at: 'write', outcome });
      await delay(OVERLOADED_WAIT_MS);
    }
  }

  private stopped(why: Why): RestoreStopped {
    return new RestoreStopped(why, this.progress.written);
  }

  private get prefix(): string | undefined {
    return this.header.prefix ?? undefined;
  }
}

function fieldsAfter(fields: readonly ImportedField[], cell: Cell): readonly ImportedField[] {
  return fields.filter((each) => compareCells(each, cell) > 0);
}

function isSameVersion(a: Version, b: Version): boolean {
  return (
    compareCells(a, b) === 0 &&
    a.timestamp === b.timestamp &&
    a.expiresAt === b.expiresAt &&
    isSame(a.value, b.value)
  );
}

function isSame(a: Value | null, b: Value | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function of<Op extends Outcome['op']>(op: Op, outcome: Outcome): Extract<Outcome, { op: Op }> {
  if (outcome.op !== op) throw new Error('the answer is of another operation');
  return outcome as Extract<Outcome, { op: Op }>;
}
