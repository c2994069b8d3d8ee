/** Which actions a few typed words mean, the likeliest first. */
import { GROUPS } from './action.ts';
import type { Action, ActionGroup } from './action.ts';

export interface MatchedGroup {
  readonly group: ActionGroup;
  readonly actions: readonly Action[];
}

/** Each typed word begins a word of what is found, or stands within its title; the groups follow their best. Nothing typed finds all, in their order. */
export function matchActions(actions: readonly Action[], query: string): readonly MatchedGroup[] {
  const terms = wordsOf(query);
  const ranked = actions
    .map((action, place) => ({ action, place, score: scoreOf(action, terms) }))
    .filter(({ score }) => score !== Number.POSITIVE_INFINITY)
    .sort((a, b) => a.score - b.score || a.place - b.place)
    .map(({ action }) => action);
  const groups = terms.length === 0 ? GROUPS : new Set(ranked.map(({ group }) => group));
  return [...groups]
    .map((group) => ({ group, actions: ranked.filter((action) => action.group === group) }))
    .filter((found) => found.actions.length > 0);
}

const IN_TITLE = 0;
const IN_WORDS = 2;
const WITHIN = 4;
/** What cannot be done now comes after what can. */
const BARRED = 1;

function scoreOf({ title, words, group, because }: Action, terms: readonly string[]): number {
  if (terms.length === 0) return 0;
  const inTitle = wordsOf(title);
  const others = [...wordsOf(words), ...wordsOf(group)];
  const scores = terms.map((term) => {
    if (inTitle.some((word) => word.startsWith(term))) return IN_TITLE;
    if (others.some((word) => word.startsWith(term))) return IN_WORDS;
    return title.toLowerCase().includes(term) ? WITHIN : Number.POSITIVE_INFINITY;
  });
  const barred = because === null ? 0 : BARRED;
  return scores.reduce((sum, score) => sum + score, barred);
}

function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}
