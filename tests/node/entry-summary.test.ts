/** Labels of log entries: short, and cheap whatever the entry holds. */
import { expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import type { Command } from '../../server/kv/types.ts';
import { summarise } from '../../server/node/entry-summary.ts';

function labelOf(command: Command | string): string {
  const data = typeof command === 'string' ? command : encodeCommand(command);
  const { kind, label } = summarise({ index: 1, term: 1, stamp: 1, kind: 'command', data });
  return `${kind}: ${label}`;
}

const set = (key: string, value: string): Command => ({ op: 'set', key, field: 'f', value });

test('[N7] a label is at most 80 characters and never cuts one in two', () => {
  expect(labelOf(set('k', 'v'))).toBe('set: k.f = v');
  expect(labelOf({ op: 'delete', key: 'k', field: 'f' })).toBe('delete: k.f');
  expect(labelOf({ op: 'session' })).toBe('noop: a session is opened');
  const label = labelOf(set('k', '😀'.repeat(100)));
  expect(label.length).toBeLessThanOrEqual(85);
  expect(label).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
});

test.each([
  [604_800_000, null, 'keep 7 days'],
  [3_600_000, 1, 'keep 1 hour and 1 version of a field'],
  [90_000, 20, 'keep 90 seconds and 20 versions of a field'],
  [1500, null, 'keep 1500 milliseconds'],
  [null, null, 'keep all'],
])(
  '[N7] a retention policy is told in words: %s ms, %s versions',
  (maxAgeMs, maxVersions, text) => {
    expect(labelOf({ op: 'retention', maxAgeMs, maxVersions })).toBe(`compact: ${text}`);
  },
);

test('[N7] parts of a backup tell how many they are, the long ones only what', () => {
  const fields = [{ key: 'k', field: 'f', value: 'v' }];
  expect(labelOf({ op: 'import', from: null, to: null, fields })).toBe('txn: 1 field of a backup');
  const versions = [{ ...must(fields[0], 'one'), timestamp: 1, expiresAt: null }];
  expect(labelOf({ op: 'importHistory', from: null, versions })).toBe('txn: 1 version of a backup');
  const long = [{ key: 'k', field: 'f', value: 'v'.repeat(5000) }];
  expect(labelOf({ op: 'import', prefix: 'k', from: null, to: null, fields: long })).toBe(
    'txn: part of a backup',
  );
});

test.each([
  ['plain text', 'v'.repeat(5000)],
  ['escapes', '"\\\n\u0001'.repeat(2000)],
  ['astral characters', '😀'.repeat(3000)],
])('[N7] a long command is read only at its beginning: %s', (_what, value) => {
  const short = labelOf(set('key "q"', value.slice(0, 400)));
  expect(labelOf(set('key "q"', value))).toBe(short);
});

test('[N7] a long key, a long delete, and what is no command', () => {
  const key = '\u0001'.repeat(1024);
  expect(labelOf({ op: 'delete', key, field: 'f' })).toMatch(/^delete: /);
  expect(labelOf('x'.repeat(5000))).toBe('noop: not understood');
});

test.each([
  ['a short write', '1'],
  ['a long one', 'v'.repeat(5000)],
  ['a long one whose value looks like an end', `${'v'.repeat(5000)},null,"s1-a",7]`],
])('[U115] an entry tells the name of its write: %s', (_what, value) => {
  const nameOf = (data: string): string | undefined =>
    summarise({ index: 1, term: 1, stamp: 1, kind: 'command', data }).name;
  const session = { client: 's12-m5x0', sequence: 4 };
  expect(nameOf(encodeCommand({ ...set('k', value), session } as Command))).toBe('s12-m5x0/4');
  expect(nameOf(encodeCommand(set('k', value)))).toBeUndefined();
  const timed = { ...set('k', value), timestamp: 5, session: { client: 'a"b', sequence: 1 } };
  expect(nameOf(encodeCommand(timed as Command))).toBe('a"b/1');
});
