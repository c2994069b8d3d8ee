/** What the typed text itself leads to: an entry of the log, and keys of the store. */
import type { Action } from './action.ts';
import type { MatchedGroup } from './match.ts';

/** An index as people write it: "128", "#128". */
const INDEX = /^#?(\d{1,15})$/;

export function foundActions(query: string, keys: readonly string[]): readonly MatchedGroup[] {
  const index = INDEX.exec(query.trim())?.[1];
  const actions = [
    ...(index === undefined || Number(index) === 0 ? [] : [indexAction(Number(index))]),
    ...keys.map(keyAction),
  ];
  return actions.length === 0 ? [] : [{ group: 'Found', actions }];
}

function indexAction(index: number): Action {
  return {
    id: `index-${index}`,
    title: `Go to index ${index} of the log`,
    words: '',
    group: 'Found',
    because: null,
    run: (does) => does.go(`/log?index=${index}`),
  };
}

function keyAction(key: string): Action {
  return {
    id: `key-${key}`,
    title: `Open key ${key}`,
    words: '',
    group: 'Found',
    because: null,
    calls: [(client) => client.scan(key, undefined)],
    run: (does) => does.go(`/keys?${new URLSearchParams({ key }).toString()}`),
  };
}
