/**
 * One SQLite connection through Prisma. The client serves everything that is
 * typed or rare; the busy statements go to the client's own driver adapter
 * directly, since the client writes every parameter into JSON and reads it out
 * again, which for a batch of a thousand rows costs as much as storing it.
 */
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaClient } from '../../prisma/generated/client.ts';
import { must } from '../base/assert.ts';

type Adapter = Awaited<ReturnType<PrismaBetterSqlite3['connect']>>;
type Parameter = string | number | null;

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

  /** Runs one statement as one transaction; resolves when it is as durable as the connection promises. */
  async execute(sql: string, parameters: readonly Parameter[]): Promise<void> {
    await this.adapter.executeRaw({
      sql,
      args: [...parameters],
      argTypes: parameters.map((parameter) => ({
        scalarType: typeof parameter === 'number' ? 'int' : 'string',
        arity: 'scalar',
      })),
    });
  }

  /** Runs several statements without parameters. */
  async script(sql: string): Promise<void> {
    await this.adapter.executeScript(sql);
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
  }
}
