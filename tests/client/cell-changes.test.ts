import { describe, expect, test } from 'vitest';
import { lastChange } from '../../client/cell-changes.ts';
import type { EntryView } from '../../contracts/view.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import type { Command } from '../../server/kv/types.ts';
import { summarise } from '../../server/node/entry-summary.ts';
import { nodeView, viewOf } from './views.ts';

function view(commitIndex: number, ...lines: readonly [EntryView['kind'], string][]) {
  const entries = lines.map(([kind, label], i) => ({
    index: i + 1,
    term: 1,
    stamp: 0,
    kind,
    label,
  }));
  return viewOf([nodeView('n1', { commitIndex }), nodeView('n2')], { entries });
}

const CITY = { key: 'city', field: 'name' };

describe('changes of a field', () => {
  test('[U37] the newest committed write or delete of the field counts', () => {
    const lines: [EntryView['kind'], string][] = [
      ['noop', 'term 1 begins'],
      ['set', 'city.name = Oslo'],
      ['set', 'city.names = many'],
      ['set', 'city.nam = e'],
      ['delete', 'city.name'],
      ['delete', 'city.name2'],
      ['tick', 'time moves on'],
      ['set', 'city.name = Bergen'],
    ];
    expect(lastChange(view(8, ...lines), CITY)).toBe(8);
    expect(lastChange(view(7, ...lines), CITY)).toBe(5);
    expect(lastChange(view(4, ...lines), CITY)).toBe(2);
    expect(lastChange(view(1, ...lines), CITY)).toBe(0);
  });

  test('[U37] a name that the line has no room for may be this one', () => {
    const field = 'x'.repeat(200);
    const label = `${`city.${field} = v`.slice(0, 79)}…`;
    expect(lastChange(view(1, ['set', label]), { key: 'city', field })).toBe(1);
    expect(lastChange(view(1, ['set', label]), { key: 'city', field: 'y' })).toBe(0);
  });

  test.each<[EntryView['kind'], string, boolean]>([
    ['set', 'city.name += ["a"]', true],
    ['set', 'city.name -= a', true],
    ['set', 'city.name + 2', true],
    ['set', 'city.name - 2', true],
    ['set', 'city.name2 + 2', false],
    ['set', 'city.name', false],
    ['delete', 'city.*', true],
    ['delete', 'cities.*', false],
    ['delete', 'city.na…', true],
    ['delete', 'city.no…', false],
    ['txn', '2 steps', true],
    ['txn', 'if a.b absent: 1 step', true],
    ['txn', 'city.* as it was at 5', true],
    ['confChange', 'voters n1', false],
    ['noop', 'city.name = 1', false],
  ])('[U37] %s "%s" may have changed the field: %s', (kind, label, changed) => {
    expect(lastChange(view(1, [kind, label]), CITY)).toBe(changed ? 1 : 0);
  });

  test('[U37] lines are those that the server writes', () => {
    const cell = { key: 'city', field: 'name' };
    const commands: Command[] = [
      { op: 'set', ...cell, value: 'Oslo' },
      { op: 'set', ...cell, value: ['a', 'b'] },
      { op: 'set', ...cell, value: 'x'.repeat(5000) },
      { op: 'append', ...cell, items: ['a'] },
      { op: 'append', ...cell, items: ['a'.repeat(5000)] },
      { op: 'remove', ...cell, item: 'a' },
      { op: 'remove', ...cell, item: 'a'.repeat(5000) },
      { op: 'increment', ...cell, by: 2 },
      { op: 'increment', ...cell, by: -2 },
      { op: 'delete', ...cell },
      { op: 'deleteRecord', key: 'city' },
      { op: 'txn', conditions: [], success: [{ op: 'set', ...cell, value: 'v' }], failure: [] },
      { op: 'restore', at: 5 },
      { op: 'restore', key: 'city', at: 5 },
    ];
    for (const command of commands) {
      const data = encodeCommand(command);
      const entry = summarise({ index: 1, term: 1, stamp: 1, kind: 'command', data });
      const seen = view(1, [entry.kind, entry.label]);
      expect([command.op, lastChange(seen, CITY)]).toEqual([command.op, 1]);
    }
  });
});
