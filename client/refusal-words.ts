/** Why a node's database may not be used, in few words. */
import type { Refusal } from '../contracts/view.ts';

const WORDS: Readonly<Record<Refusal, string>> = {
  corrupt: 'Its database is damaged',
  'rolled-back': 'Its database may be older than it was',
  lost: 'Its database is gone',
  foreign: 'Its database is not its own',
};

/** `canReplace`: there is a leader, which can put a new node in its place. */
export function refusalWords(refusal: Refusal, canReplace: boolean): string {
  const what = `${WORDS[refusal]}: it may not vote or answer.`;
  return canReplace
    ? `${what} A new node learns all from the others.`
    : `${what} No leader can replace it: put its own files back, or restore a backup.`;
}
