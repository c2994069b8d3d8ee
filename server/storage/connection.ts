/**
 * One SQLite connection through Prisma. The client serves everything that is
 * typed or rare; the busy statements go to the client's own driver adapter
 * directly, since the client writes every parameter into JSON and reads it out
 * again, which for a batch of a thousand rows costs as much as storing it.
 */
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaClient } from '../../prisma/generated/client.ts';
import { must } from '../base/assert.ts';
import { StorageError } from './errors.ts';

type Adapter = Awaited<ReturnType<PrismaBetterSqlite3['connect']>>;
export type Parameter = string | number | null;

/** Not cached by the driver: building one anew costs little beside what it stores. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
  /** Rows that it changes unless a newer boot has fenced this one; null: any number. */
  readonly mustChange: number | null;
}

const BEGIN = 'BEGIN IMMEDIATE';
const COMMIT = 'COMMIT';
const ROLLBACK = 'ROLLBACK';
const NUMBER = { scalarType: 'int', arity: 'scalar' } as const;
const TEXT = { scalarType: 'string', arity: 'scalar' } as const;

/** How long to wait for a lock that some other program holds on the file, ms. */
const BUSY_TIMEOUT_MS = 2000;

export class Connection {
  readonly prisma: PrismaClient;
  private readonly adapter: Adapter;

  private constructor(prisma: PrismaClient, adapter: Adapter) {
    this.prisma = prisma;
    this.adapter = adapter;
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
   * Runs the statements as one transaction; resolves when it is as durable as
   * the connection promises. Throws, with nothing done, when a statement fails
   * or changes another number of rows than it must (StorageError `fenced`).
   */
  async transact(statements: readonly Statement[]): Promise<void> {
    // One statement is a transaction by itself.
    if (statements.length === 1) {
      for (const statement of statements) await this.perform(statement);
      return;
    }
    await this.execute(BEGIN, []);
    try {
      for (const statement of statements) await this.perform(statement);
      await this.execute(COMMIT, []);
    } catch (error) {
      // The first error is the one that counts; SQLite may have rolled back by itself.
      await this.execute(ROLLBACK, []).catch(() => {});
      throw error;
    }
  }

  private async perform({ sql, parameters, mustChange }: Statement): Promise<void> {
    const changed = await this.execute(sql, parameters);
    if (mustChange !== null && changed !== mustChange)
      throw new StorageError('fenced', 'the store was opened again');
  }

  /** Returns how many rows were changed. */
  private execute(sql: string, parameters: readonly Parameter[]): Promise<number> {
    const argTypes = parameters.map((parameter) => (typeof parameter === 'number' ? NUMBER : TEXT));
    return this.adapter.executeRaw({ sql, args: [...parameters], argTypes });
  }

  /** Runs several statements without parameters. */
  async script(sql: string): Promise<void> {
    await this.adapter.executeScript(sql);
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
  }
}
