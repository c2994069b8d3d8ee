import { describe, expect, test } from 'vitest';
import { lastChange } from '../../client/cell-changes.ts';
import type { EntryView } from '../../contracts/view.ts';
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
});
