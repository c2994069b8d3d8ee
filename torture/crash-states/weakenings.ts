/**
 * Ways to promise what a disk does not, put into the store that is recorded: an
 * explorer that does not see them would see nothing. The store that judges stays
 * as it is.
 */
export interface Weakening {
  readonly id: string;
  /** What the store does then, as a clause. */
  readonly what: string;
  readonly edits: readonly {
    /** Relative to the project. */
    readonly file: string;
    /** Stands exactly once in `file`. */
    readonly find: string;
    readonly replace: string;
  }[];
}

const STORAGE = 'server/storage/prisma-storage.ts';
const OPENING = 'server/storage/open-store.ts';
const CONNECTION = 'server/storage/connection.ts';
const SNAPSHOTS = 'server/storage/snapshot-rows.ts';

export const WEAKENINGS: readonly Weakening[] = [
  {
    id: 'normal',
    what: 'runs with synchronous=NORMAL: commits are not synchronised',
    edits: synchronous('NORMAL', 1),
  },
  {
    id: 'off',
    what: 'runs with synchronous=OFF: nothing is synchronised, checkpoints neither',
    edits: synchronous('OFF', 0),
  },
  {
    id: 'early',
    what: 'acknowledges a log write before its commit',
    edits: [
      {
        file: STORAGE,
        find: `        const error = this.attempt('writing the log', () => this.store(work.write));
        for (const done of work.done) done(error);
`,
        replace: `        for (const done of work.done) done(null);
        this.attempt('writing the log', () => this.store(work.write));
`,
      },
    ],
  },
  {
    id: 'log-apart',
    what: 'truncates and appends in two transactions',
    edits: [
      {
        file: STORAGE,
        find: `    this.connection.transact(
      kindOf(write),
      this.epoch,
      logStatements(write, install, added, this.node, after),
    );
`,
        replace: `    const statements = logStatements(write, install, added, this.node, after);
    const cut = statements.findIndex(({ sql }) => sql.startsWith('INSERT INTO "log_entries"'));
    if (truncateFrom !== null && cut > 0) {
      this.connection.transact('log', this.epoch, statements.slice(0, cut));
      this.connection.transact('log', this.epoch, statements.slice(cut));
    } else this.connection.transact('log', this.epoch, statements);
`,
      },
    ],
  },
  {
    id: 'save-apart',
    what: 'saves versions and packs apart from what is applied',
    edits: [
      {
        file: SNAPSHOTS,
        find: "    this.connection.transact('save', this.epoch, [...staged, ...applied, ...packed]);\n",
        replace: `    this.connection.transact('log', this.epoch, [...staged, ...applied.slice(1), ...packed]);
    this.connection.transact('log', this.epoch, applied.slice(0, 1));
`,
      },
    ],
  },
  {
    id: 'install-apart',
    what: 'installs a snapshot in two transactions: its state, then its log',
    edits: [
      {
        file: STORAGE,
        find: `    this.connection.transact(
      kindOf(write),
      this.epoch,
      logStatements(write, install, added, this.node, after),
    );
`,
        replace: `    const statements = logStatements(write, install, added, this.node, after);
    const cut = statements.findIndex(({ sql }) => sql === 'DELETE FROM "log_entries"');
    if (install !== null) this.connection.transact('log', this.epoch, statements.slice(0, cut));
    this.connection.transact('log', this.epoch, install === null ? statements : statements.slice(cut));
`,
      },
    ],
  },
  {
    id: 'rollback',
    what: 'keeps a rollback journal in memory in place of a write-ahead log',
    edits: [
      {
        file: OPENING,
        find: "await prisma.$queryRawUnsafe('PRAGMA journal_mode = WAL');",
        replace: "await prisma.$queryRawUnsafe('PRAGMA journal_mode = MEMORY');",
      },
      { file: OPENING, find: "journal?.journal_mode !== 'wal'", replace: 'journal === undefined' },
    ],
  },
  {
    id: 'falls-back',
    what: 'falls back to synchronous=NORMAL with its first save',
    edits: [
      {
        file: CONNECTION,
        find: '    failpoint(`${of}:begin`);\n',
        replace: `    if (of === 'save') this.handle.prepare('PRAGMA synchronous = NORMAL').run([]);
`,
      },
    ],
  },
];

function synchronous(name: string, value: number): Weakening['edits'] {
  return [
    {
      file: OPENING,
      find: "'PRAGMA synchronous = FULL'",
      replace: `'PRAGMA synchronous = ${name}'`,
    },
    {
      file: OPENING,
      find: 'const SYNCHRONOUS_FULL = 2;',
      replace: `const SYNCHRONOUS_FULL = ${value};`,
    },
  ];
}
