/** Commands that read: get, scan, history, diff. */
import type { ReadOptions } from '../../client/http-client.ts';
import { formatTimestamp } from '../../client/time-input.ts';
import type { FieldView, HistoryVersion, RecordAnswer } from '../../contracts/kv.ts';
import { LIMITS } from '../../contracts/kv.ts';
import type { Call } from '../call.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { CliError } from '../failure.ts';
import { write } from '../io.ts';
import { inert, jsonText } from '../text.ts';
import { absentWords, plain, shown } from '../values.ts';
import { AS_OF, AT, FIELD, KEY, LIMIT, LOCAL } from './shared.ts';

const get: Command = {
  name: 'get',
  summary: 'Read a field, or a whole record, now or in the past',
  about: [
    'The answer is the latest that is committed, confirmed by a majority, unless --local asks one node.',
    'On a terminal control characters are shown as escapes; in a pipe the value of a field is written as it is, and each item of a list on a line. Where there is no such field the exit code is 3.',
  ],
  arguments: [
    KEY,
    { name: 'FIELD', need: 'optional', about: 'Its field; without it, all of them' },
  ],
  options: [AT, AS_OF, LOCAL],
  examples: [
    { line: 'chronoraft get shop price', about: 'the price now' },
    { line: 'chronoraft get shop', about: 'all fields of the record' },
    { line: 'chronoraft get shop open --at -30m', about: 'half an hour ago' },
    {
      line: 'chronoraft get shop open --at "2020-01-01T00:00:00Z"',
      about: 'before it was written: exit code 3',
      exit: EXIT.notFound,
    },
    { line: 'chronoraft get shop price --json', about: 'with the version that it is of' },
  ],
  async run(call) {
    const [key, field] = [call.argument('KEY'), call.optional('FIELD')];
    const options = await readOptions(call);
    if (field === undefined) return getRecord(call, key, options);
    const answer = await call.ask(call.client.get(key, field, options));
    if (call.json) await call.answer(answer, []);
    if (!answer.found || answer.value === null) {
      if (call.json) return EXIT.notFound;
      throw new CliError(EXIT.notFound, 'NOT_FOUND', absentWords(answer));
    }
    if (call.json) return undefined;
    const { stdout } = call.io;
    await write(stdout, stdout.isTTY === true ? `${shown(answer.value)}\n` : plain(answer.value));
    return undefined;
  },
};

async function getRecord(
  call: Call,
  key: string,
  options: ReadOptions,
): Promise<ExitCode | undefined> {
  const fields: RecordAnswer['fields'] = [];
  let last: RecordAnswer | null = null;
  for await (const page of pages((cursor) =>
    call.ask(
      call.client.scan(key, undefined, { ...start(options, cursor), limit: LIMITS.pageSize }),
    ),
  )) {
    fields.push(...page.fields);
    last = page;
  }
  if (call.json) await call.answer({ ...last, fields }, []);
  else await call.print(fields.map(({ field, value }) => `${inert(field)}\t${shown(value)}`));
  if (fields.length > 0) return undefined;
  if (call.json) return EXIT.notFound;
  throw new CliError(EXIT.notFound, 'NOT_FOUND', `the record ${inert(key)} has no fields there`);
}

const scan: Command = {
  name: 'scan',
  summary: 'List keys, or the fields of a record',
  about: [
    'All pages are of one view, however long the list is and whatever is written meanwhile. With --json, a line for each key or field.',
  ],
  arguments: [
    { name: 'PREFIX', need: 'optional', about: 'Of the keys, or of the fields of --key' },
  ],
  options: [
    { name: 'key', value: 'KEY', about: 'The fields of this record instead of keys' },
    { name: 'values', about: 'Each field of each record, with its value' },
    LIMIT,
    AT,
    AS_OF,
    LOCAL,
  ],
  examples: [
    { line: 'chronoraft scan', about: 'all keys, each with how many fields it has' },
    { line: 'chronoraft scan sh --values', about: 'the fields of all keys that begin with "sh"' },
    { line: 'chronoraft scan --key shop t', about: 'the fields of "shop" that begin with "t"' },
    { line: 'chronoraft scan --json | head -n 1', about: 'the first key, as JSON' },
  ],
  async run(call) {
    const prefix = call.optional('PREFIX');
    const key = call.text('key');
    const limit = call.whole('limit', 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
    const options = await readOptions(call);
    if (key !== undefined) await scanFields(call, key, prefix, options, new Room(limit));
    else if (call.flag('values')) await scanRecords(call, prefix, options, limit);
    else await scanKeys(call, prefix, options, limit);
    return undefined;
  },
};

async function scanKeys(
  call: Call,
  prefix: string | undefined,
  options: ReadOptions,
  limit: number,
): Promise<void> {
  const room = new Room(limit);
  for await (const { keys } of pages((cursor) =>
    call.ask(call.client.keys({ ...prefixed(prefix), ...start(options, cursor), ...room.page() })),
  )) {
    const rows = room.take(keys);
    await call.print(
      call.json ? rows.map(jsonText) : rows.map(({ key, fields }) => `${inert(key)}\t${fields}`),
    );
    if (room.isFull) return;
  }
}

/** The fields of a record beyond those that came with it are asked for one record at a time. */
async function scanRecords(
  call: Call,
  prefix: string | undefined,
  options: ReadOptions,
  limit: number,
): Promise<void> {
  const room = new Room(limit);
  for await (const { records, at, asOf } of pages((cursor) =>
    call.ask(call.client.records({ ...prefixed(prefix), ...start(options, cursor), limit: 100 })),
  )) {
    for (const { key, fields, more } of records) {
      if (more) {
        await scanFields(call, key, undefined, { ...options, at, asOf }, room);
      } else {
        await printFields(call, key, room.take(fields));
      }
      if (room.isFull) return;
    }
  }
}

async function scanFields(
  call: Call,
  key: string,
  prefix: string | undefined,
  options: ReadOptions,
  room: Room,
): Promise<void> {
  for await (const { fields } of pages((cursor) =>
    call.ask(call.client.scan(key, prefix, { ...start(options, cursor), ...room.page() })),
  )) {
    await printFields(call, key, room.take(fields));
    if (room.isFull) return;
  }
}

async function printFields(call: Call, key: string, fields: readonly FieldView[]): Promise<void> {
  await call.print(
    fields.map((each) =>
      call.json
        ? jsonText({ key, ...each })
        : `${inert(key)}\t${inert(each.field)}\t${shown(each.value)}`,
    ),
  );
}

const history: Command = {
  name: 'history',
  summary: 'All versions of a field, newest first',
  arguments: [KEY, FIELD],
  options: [
    { name: 'from', value: 'TIME', about: 'Versions from this time on' },
    { name: 'to', value: 'TIME', about: 'Versions up to this time' },
    AS_OF,
    { name: 'oldest-first', about: 'In the order of their times' },
    LIMIT,
    LOCAL,
  ],
  examples: [
    { line: 'chronoraft history shop price', about: 'every price there was' },
    { line: 'chronoraft history shop price --limit 1 --json', about: 'the newest, as JSON' },
  ],
  async run(call) {
    const limit = call.whole('limit', 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
    const [from, to, asOf] = [
      call.instant('from'),
      call.instant('to'),
      await call.revision('as-of'),
    ];
    const local = call.text('local');
    const options = {
      order: call.flag('oldest-first') ? ('asc' as const) : ('desc' as const),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(local !== undefined && { localNode: local }),
    };
    const [key, field] = [call.argument('KEY'), call.argument('FIELD')];
    const room = new Room(limit);
    let count = 0;
    for await (const { versions } of pages((cursor) => {
      const where = cursor === null ? { ...(asOf !== undefined && { asOf }) } : { cursor };
      return call.ask(call.client.history(key, field, { ...options, ...where, ...room.page() }));
    })) {
      const rows = room.take(versions);
      count += rows.length;
      await call.print(call.json ? rows.map(jsonText) : rows.map(versionLine));
      if (room.isFull) break;
    }
    if (count > 0) return undefined;
    if (call.json) return EXIT.notFound;
    const name = `${inert(key)} ${inert(field)}`;
    throw new CliError(EXIT.notFound, 'NOT_FOUND', `${name} has no versions there`);
  },
};

function versionLine({ timestamp, revision, value, expiresAt }: HistoryVersion): string {
  const until = expiresAt === null ? '' : ` until ${formatTimestamp(expiresAt)}`;
  const what = value === null ? '(deleted)' : shown(value);
  return `${formatTimestamp(timestamp)}${until}\trev ${revision}\t${what}`;
}

const diff: Command = {
  name: 'diff',
  summary: 'What is different between two views',
  about: ['The first view is that of --at and --as-of, the second the present unless said.'],
  arguments: [
    { name: 'KEY', need: 'optional', about: 'The record; all of them unless said' },
    { name: 'FIELD', need: 'optional', about: 'Its field' },
  ],
  options: [
    { name: 'prefix', value: 'PREFIX', about: 'Of keys, instead of KEY' },
    AT,
    AS_OF,
    { name: 'to-at', value: 'TIME', about: 'The time of the second view' },
    { name: 'to-as-of', value: 'REV', about: 'The revision of the second view' },
    LIMIT,
  ],
  examples: [
    { line: 'chronoraft diff shop --at "5m ago"', about: 'what changed in five minutes' },
    { line: 'chronoraft diff shop price --as-of 3', about: 'since revision 3' },
  ],
  async run(call) {
    const [key, field, prefix] = [
      call.optional('KEY'),
      call.optional('FIELD'),
      call.text('prefix'),
    ];
    const limit = call.whole('limit', 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
    const sides = { before: await call.view(), after: await call.view('to-at', 'to-as-of') };
    if (Object.keys(sides.before).length === 0)
      call.refuse('diff needs a first view: --at or --as-of');
    const scope = {
      ...(key !== undefined && { key }),
      ...(field !== undefined && { field }),
      ...prefixed(prefix),
    };
    const room = new Room(limit);
    for await (const { changes } of pages((cursor) => {
      const where = cursor === null ? sides : { cursor };
      return call.ask(call.client.diff({ ...scope, ...where, ...room.page() }));
    })) {
      const rows = room.take(changes);
      await call.print(
        rows.map((change) =>
          call.json
            ? jsonText(change)
            : `${inert(change.key)}\t${inert(change.field)}\t${shown(change.before?.value ?? null)} → ${shown(change.after?.value ?? null)}`,
        ),
      );
      if (room.isFull) break;
    }
    return undefined;
  },
};

/** How many rows are still wanted. */
class Room {
  left: number;

  constructor(limit: number) {
    this.left = limit;
  }

  get isFull(): boolean {
    return this.left === 0;
  }

  page(): { readonly limit: number } {
    return { limit: Math.min(this.left, LIMITS.pageSize) };
  }

  take<T>(rows: readonly T[]): readonly T[] {
    const taken = rows.slice(0, this.left);
    this.left -= taken.length;
    return taken;
  }
}

/** Page after page of one view. */
async function* pages<T extends { readonly next: string | null }>(
  ask: (cursor: string | null) => Promise<T>,
): AsyncGenerator<T> {
  let cursor: string | null = null;
  do {
    const page: T = await ask(cursor);
    yield page;
    cursor = page.next;
  } while (cursor !== null);
}

/** A cursor names the view itself. */
function start(
  { localNode, ...view }: ReadOptions,
  cursor: string | null,
): ReadOptions & { readonly cursor?: string } {
  const where = cursor === null ? view : { cursor };
  return { ...where, ...(localNode !== undefined && { localNode }) };
}

function prefixed(prefix: string | undefined): { readonly prefix?: string } {
  return prefix === undefined || prefix === '' ? {} : { prefix };
}

async function readOptions(call: Call): Promise<ReadOptions> {
  const local = call.text('local');
  return { ...(await call.view()), ...(local !== undefined && { localNode: local }) };
}

export const READS: readonly Command[] = [get, scan, history, diff];
