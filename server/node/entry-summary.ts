/** A log entry in one short line, for people. */
import { parseCommand } from '../kv/command.ts';
import type { SessionRef, WriteCommand } from '../kv/types.ts';
import { decodeConf } from '../raft/conf-state.ts';
import type { ConfState, Entry } from '../raft/types.ts';
import type { EntrySummary } from './control.ts';

/** Longest label, UTF-16 units. */
const MAX_LABEL = 80;
/** Commands up to this length are read whole, UTF-16 units. */
const LONG_CHARS = 1024;
/** Two names of a kibibyte and the beginning of a value, each unit escaped. */
const MAX_BEGINNING = 16_384;
/** A command as `encodeCommand` writes it, up to the first units of its value. */
const BEGINNING =
  /^\["(\w+)",(?:("(?:[^"\\]|\\.)*"),(?:("(?:[^"\\]|\\.)*")(?:,\[?"((?:[^"\\]|\\u[0-9a-f]{4}|\\[^u]){0,80}))?)?)?/;

export function summarise(entry: Entry): EntrySummary {
  const { index, term, stamp } = entry;
  return { index, term, stamp, ...describe(entry) };
}

type Described = Pick<EntrySummary, 'kind' | 'label' | 'name'>;

function describe(entry: Entry): Described {
  if (entry.kind === 'noop') return { kind: 'noop', label: `term ${entry.term} begins` };
  if (entry.kind === 'confChange')
    return { kind: 'confChange', label: shorten(describeConf(decodeConf(entry.data))) };
  if (entry.data.length > LONG_CHARS) return describeLong(entry.data);
  const parsed = parseCommand(entry.data);
  if (!parsed.ok) return { kind: 'noop', label: 'not understood' };
  const command = parsed.value;
  if (command.op === 'tick') return { kind: 'tick', label: 'time moves on' };
  if (command.op === 'session') return { kind: 'noop', label: 'a session is opened' };
  if (command.op === 'compact')
    return { kind: 'compact', label: `forget up to revision ${command.asOf}, by ${command.by}` };
  const { op, session } = command;
  return { kind: KINDS[op], label: shorten(describeWrite(command)), ...nameOf(session) };
}

function nameOf(session: SessionRef | undefined): Pick<EntrySummary, 'name'> {
  return session === undefined ? {} : { name: `${session.client}/${session.sequence}` };
}

const KINDS = {
  set: 'set',
  append: 'set',
  remove: 'set',
  increment: 'set',
  delete: 'delete',
  deleteRecord: 'delete',
  txn: 'txn',
  restore: 'txn',
  retention: 'compact',
  import: 'txn',
  importHistory: 'txn',
} as const satisfies Record<WriteCommand['op'], EntrySummary['kind']>;

/** The page says "restore" before it. */
function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'} of a backup`;
}

function describeWrite(write: WriteCommand): string {
  if (write.op === 'txn') {
    const { conditions, success, failure } = write;
    const changes = `${success.length} ${success.length === 1 ? 'step' : 'steps'}`;
    if (conditions.length === 0) return changes;
    const other = failure.length === 0 ? '' : `, else ${failure.length}`;
    return `if ${conditions.map(({ key, field, is }) => `${key}.${field} ${is}`).join(' and ')}: ${changes}${other}`;
  }
  if (write.op === 'deleteRecord') return `${write.key}.*`;
  if (write.op === 'retention') {
    const { maxAgeMs, maxVersions } = write;
    const limits = [
      maxAgeMs === null ? [] : [inUnits(maxAgeMs)],
      maxVersions === null
        ? []
        : [`${maxVersions} version${maxVersions === 1 ? '' : 's'} of a field`],
    ].flat();
    return `keep ${limits.length === 0 ? 'all' : limits.join(' and ')}`;
  }
  if (write.op === 'restore') {
    const { key = `${write.prefix ?? ''}*`, field = '*', at, asOf } = write;
    const when = [at === undefined ? '' : ` at ${at}`, asOf === undefined ? '' : ` as of ${asOf}`];
    return `${key}.${field} restored${when.join('')}`;
  }
  if (write.op === 'import') return counted(write.fields.length, 'field');
  if (write.op === 'importHistory') return counted(write.versions.length, 'version');
  const name = `${write.key}.${write.field}`;
  switch (write.op) {
    case 'set':
      return `${name} = ${typeof write.value === 'string' ? write.value : JSON.stringify(write.value)}`;
    case 'delete':
      return name;
    case 'append':
      return `${name} += ${JSON.stringify(write.items)}`;
    case 'remove':
      return `${name} -= ${write.item}`;
    case 'increment':
      return `${name} ${write.by < 0 ? '-' : '+'} ${Math.abs(write.by)}`;
  }
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

/** In the largest unit that tells it exactly. */
function inUnits(ms: number): string {
  const [unit, length] = UNITS.find(([, each]) => ms % each === 0) ?? ['millisecond', 1];
  return `${ms / length} ${unit}${ms === length ? '' : 's'}`;
}

function describeConf({ voters, votersOutgoing, learners }: ConfState): string {
  const joint = votersOutgoing.length > 0 ? ` and ${votersOutgoing.join(' ')}: joint` : '';
  const learning = learners.length > 0 ? `; learning ${learners.join(' ')}` : '';
  return `voters ${voters.join(' ')}${joint}${learning}`;
}

/**
 * The beginning of a long command tells enough: reading all of a page of values
 * of a mebibyte would keep a leader from its heartbeats.
 */
function describeLong(data: string): Described {
  const [, op = '', key, field, value = ''] = BEGINNING.exec(data.slice(0, MAX_BEGINNING)) ?? [];
  const kind = (KINDS as Record<string, EntrySummary['kind'] | undefined>)[op];
  if (kind === undefined) return { kind: 'noop', label: 'not understood' };
  if (op === 'import' || op === 'importHistory') return { kind, label: 'part of a backup' };
  if (key === undefined) return { kind, label: 'many steps' };
  const cell = `${JSON.parse(key)}.${field === undefined ? '*' : JSON.parse(field)}`;
  const label =
    kind === 'delete' ? cell : `${cell} ${SIGNS.get(op) ?? '='} ${JSON.parse(`"${value}"`)}…`;
  return { kind, label: shorten(label), ...nameAtEnd(data) };
}

/** The longest name of a session, each unit escaped, and what stands round it. */
const MAX_END = 1024;
/** A command's last places: its timestamp, session and number. */
const END = /,(?:null|\d+),("(?:[^"\\]|\\.)*"),(\d+)\]$/;

function nameAtEnd(data: string): Pick<EntrySummary, 'name'> {
  const [, client, sequence] = END.exec(data.slice(-MAX_END)) ?? [];
  if (client === undefined) return {};
  return nameOf({ client: String(JSON.parse(client)), sequence: Number(sequence) });
}

const SIGNS = new Map([
  ['append', '+='],
  ['remove', '-='],
]);

/** Cuts between characters, never within one. */
function shorten(text: string): string {
  if (text.length <= MAX_LABEL) return text;
  const cut = text.slice(0, MAX_LABEL - 1);
  const last = cut.charCodeAt(cut.length - 1);
  const whole = last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut;
  return `${whole}…`;
}
