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
        find: '    this.connection.transact(this.epoch, logStatements(write, checksums, log.baseChecksum));\n',
        replace: `    const statements = logStatements(write, checksums, log.baseChecksum);
    const cut = statements.findIndex(({ sql }) => sql.startsWith('INSERT INTO "log_entries"'));
    if (truncateFrom !== null && cut > 0) {
      this.connection.transact(this.epoch, statements.slice(0, cut));
      this.connection.transact(this.epoch, statements.slice(cut));
    } else this.connection.transact(this.epoch, statements);
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
        find: '    this.connection.transact(this.epoch, [...staged, ...applied, ...packed]);\n',
        replace: `    this.connection.transact(this.epoch, [...staged, ...applied.slice(1), ...packed]);
    this.connection.transact(this.epoch, applied.slice(0, 1));
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
        find: '    this.connection.transact(this.epoch, logStatements(write, checksums, log.baseChecksum));\n',
        replace: `    const statements = logStatements(write, checksums, log.baseChecksum);
    const cut = statements.findIndex(({ sql }) => sql === 'DELETE FROM "log_entries"');
    if (install !== null) this.connection.transact(this.epoch, statements.slice(0, cut));
    this.connection.transact(this.epoch, install === null ? statements : statements.slice(cut));
`,
      },
    ],
  },
  {
    id: 'rollback',
    what: 'keeps a rollback journal in memory in place of a write-ahead log',
    edits: [
      {
        file: STORAGE,
        find: "await prisma.$queryRawUnsafe('PRAGMA journal_mode = WAL');",
        replace: "await prisma.$queryRawUnsafe('PRAGMA journal_mode = MEMORY');",
      },
      { file: STORAGE, find: "journal?.journal_mode !== 'wal'", replace: 'journal === undefined' },
    ],
  },
  {
    id: 'falls-back',
    what: 'falls back to synchronous=NORMAL with its first save',
    edits: [
      {
        file: CONNECTION,
        find: '    this.prepare(BEGIN).run([]);\n    try {\n',
        replace: `    const isSave = statements.some(({ sql }) => sql.startsWith('UPDATE "applied_state"'));
    if (isSave) this.handle.prepare('PRAGMA synchronous = NORMAL').run([]);
    this.prepare(BEGIN).run([]);
    try {
`,
      },
    ],
  },
];

function synchronous(name: string, value: number): Weakening['edits'] {
  return [
    {
      file: STORAGE,
      find: "'PRAGMA synchronous = FULL'",
      replace: `'PRAGMA synchronous = ${name}'`,
    },
    {
      file: STORAGE,
      find: 'const SYNCHRONOUS_FULL = 2;',
      replace: `const SYNCHRONOUS_FULL = ${value};`,
    },
  ];
}
