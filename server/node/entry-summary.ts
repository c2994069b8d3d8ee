/** A log entry in one short line, for people. */
import { parseCommand } from '../kv/command.ts';
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
  /^\["(set|delete)",("(?:[^"\\]|\\.)*"),("(?:[^"\\]|\\.)*")(?:,"((?:[^"\\]|\\u[0-9a-f]{4}|\\[^u]){0,80}))?/;

export function summarise(entry: Entry): EntrySummary {
  const { index, term, stamp } = entry;
  return { index, term, stamp, ...describe(entry) };
}

function describe(entry: Entry): Pick<EntrySummary, 'kind' | 'label'> {
  if (entry.kind === 'noop') return { kind: 'noop', label: `term ${entry.term} begins` };
  if (entry.kind === 'confChange')
    return { kind: 'confChange', label: shorten(describeConf(decodeConf(entry.data))) };
  if (entry.data.length > LONG_CHARS) return describeLong(entry.data);
  const parsed = parseCommand(entry.data);
  if (!parsed.ok) return { kind: 'noop', label: 'not understood' };
  const command = parsed.value;
  switch (command.op) {
    case 'set':
      return { kind: 'set', label: shorten(`${command.key}.${command.field} = ${command.value}`) };
    case 'delete':
      return { kind: 'delete', label: shorten(`${command.key}.${command.field}`) };
    case 'tick':
      return { kind: 'tick', label: 'time moves on' };
  }
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
function describeLong(data: string): Pick<EntrySummary, 'kind' | 'label'> {
  const [, op, key, field, value = ''] = BEGINNING.exec(data.slice(0, MAX_BEGINNING)) ?? [];
  if (key === undefined || field === undefined) return { kind: 'noop', label: 'not understood' };
  const name = `${JSON.parse(key)}.${JSON.parse(field)}`;
  return op === 'delete'
    ? { kind: 'delete', label: shorten(name) }
    : { kind: 'set', label: shorten(`${name} = ${JSON.parse(`"${value}"`)}…`) };
}

/** Cuts between characters, never within one. */
function shorten(text: string): string {
  if (text.length <= MAX_LABEL) return text;
  const cut = text.slice(0, MAX_LABEL - 1);
  const last = cut.charCodeAt(cut.length - 1);
  const whole = last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut;
  return `${whole}…`;
}
