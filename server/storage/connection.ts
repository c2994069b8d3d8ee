/**
 * One SQLite connection through Prisma. The client serves everything that is
 * typed or rare. The busy statements are prepared once, on the very handle that
 * the client's driver adapter holds: through the client each parameter passes
 * JSON twice, and through the adapter each statement is compiled anew, which
 * costs more than what it stores.
 */
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaClient } from '../../prisma/generated/client.ts';
import { must } from '../base/assert.ts';
import { failpoint } from '../base/failpoint.ts';
import type { WriteOf } from '../base/failpoint.ts';
import { StorageError } from './errors.ts';

type Adapter = Awaited<ReturnType<PrismaBetterSqlite3['connect']>>;
export type Parameter = string | number | Uint8Array | null;

export interface Statement {
  /** One of few texts: each is compiled once and kept. */
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

const BEGIN = 'BEGIN IMMEDIATE';
const COMMIT = 'COMMIT';
const ROLLBACK = 'ROLLBACK';
const IS_PRESENT_EPOCH = 'SELECT 1 FROM "node_state" WHERE "boot_epoch" = ?';

/** What is needed of the driver's handle (better-sqlite3's Database). */
interface Handle {
  prepare(sql: string): Prepared;
}

interface Prepared {
  run(parameters: readonly Parameter[]): unknown;
  /** The first row; undefined when there is none. */
  get(parameters: readonly Parameter[]): unknown;
}

/** SQLite's own limit of a file. */
const MAX_PAGES = 4_294_967_294;
/** How long to wait for a lock that some other program holds on the file, ms. */
const BUSY_TIMEOUT_MS = 2000;

export class Connection {
  readonly prisma: PrismaClient;
  private readonly adapter: Adapter;
  private readonly handle: Handle;
  private readonly prepared = new Map<string, Prepared>();

  private constructor(prisma: PrismaClient, adapter: Adapter) {
    this.prisma = prisma;
    this.adapter = adapter;
    this.handle = handleOf(adapter);
  }

  /** Opens `file`, making it if need be. */
  static async open(file: string): Promise<Connection> {
    const factory = new PrismaBetterSqlite3({ url: `file:${file}`, timeout: BUSY_TIMEOUT_MS });
    let adapter: Adapter | null = null;
    const prisma = new PrismaClient({
      adapter: {
        provider: factory.provider,
        adapterName: factory.adapterName,
        connectToShadowDb: () => factory.connectToShadowDb(),
        connect: async () => {
          adapter = await factory.connect();
          return adapter;
        },
      },
    });
    await prisma.$connect();
    return new Connection(prisma, must<Adapter>(adapter, 'the client has connected'));
  }

  /**
   * Runs the statements as one transaction, which is as durable as the
   * connection promises when this returns. Throws, with nothing done, when a
   * statement fails, or when `epoch` is no longer the boot epoch of the file
   * (StorageError `fenced`): nobody raises it within the transaction, which
   * holds the lock of writers.
   */
  transact(of: WriteOf, epoch: number, statements: readonly Statement[]): void {
    failpoint(`${of}:begin`);
    this.asOwner(epoch, () => {
      for (const statement of statements) {
        this.run(statement);
        failpoint(`${of}:statement`);
      }
      failpoint(`${of}:commit`);
    });
    failpoint(`${of}:committed`);
  }

  /** One transaction, within which nobody else opens the store. Throws StorageError `fenced` if somebody has since `epoch`. */
  asOwner<T>(epoch: number, act: () => T): T {
    return this.exclusively(() => {
      if (this.prepare(IS_PRESENT_EPOCH).get([epoch]) === undefined)
        throw new StorageError('fenced', 'the store was opened again');
      return act();
    });
  }

  /** One transaction, in which nobody else writes; undone when `act` throws. */
  exclusively<T>(act: () => T): T {
    this.prepare(BEGIN).run([]);
    try {
      const result = act();
      this.prepare(COMMIT).run([]);
      return result;
    } catch (error) {
      this.rollBack();
      throw error;
    }
  }

  /** Within a transaction. */
  run({ sql, parameters }: Statement): void {
    this.prepare(sql).run(parameters);
  }

  /** Whether the file may grow. If not, a transaction that needs a new page fails with SQLITE_FULL, as on a disk without room. */
  mayGrow(may: boolean): void {
    const pages = may
      ? MAX_PAGES
      : this.numberOf('SELECT page_count AS value FROM pragma_page_count', []);
    this.handle.prepare(`PRAGMA max_page_count = ${pages}`).get([]);
  }

  /** The one value, a safe integer or a fraction, that the query has in its one row's column `value`. */
  numberOf(sql: string, parameters: readonly Parameter[]): number {
    return Number(this.valueOf(sql, parameters));
  }

  textOf(sql: string, parameters: readonly Parameter[]): string {
    return String(this.valueOf(sql, parameters));
  }

  private valueOf(sql: string, parameters: readonly Parameter[]): unknown {
    const row = this.rowOf<{ readonly value: unknown }>(sql, parameters);
    return must(row, 'the query has one row').value;
  }

  /** The query's first row, null when it has none; whole numbers are bigint. */
  rowOf<Row>(sql: string, parameters: readonly Parameter[]): Row | null {
    return (this.prepare(sql).get(parameters) ?? null) as Row | null;
  }

  /** Compiled once. */
  private prepare(sql: string): Prepared {
    let statement = this.prepared.get(sql);
    if (statement === undefined) {
      statement = this.handle.prepare(sql);
      this.prepared.set(sql, statement);
    }
    return statement;
  }

  private rollBack(): void {
    try {
      this.prepare(ROLLBACK).run([]);
    } catch {
      // The error before is the one that counts; SQLite may have rolled back by itself.
    }
  }

  /** Runs several statements without parameters. */
  async script(sql: string): Promise<void> {
    await this.adapter.executeScript(sql);
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
  }
}

/** Prisma's adapter keeps its handle to itself; its version is pinned, and this makes sure. */
function handleOf(adapter: Adapter): Handle {
  const handle: unknown = Reflect.get(adapter, 'client');
  if (typeof handle === 'object' && handle !== null && 'prepare' in handle) return handle as Handle;
  throw new StorageError('unavailable', 'this version of the driver adapter has no handle');
}
