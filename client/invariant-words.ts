/** The invariants in the words of those who learn: what each says, and what is compared to check it. */
import type { InvariantId, InvariantView, Violation } from '../contracts/invariants.ts';

export interface InvariantWords {
  /** For a line that has room for all of them. */
  readonly label: string;
  readonly says: string;
  readonly compares: string;
}

export const INVARIANT_WORDS: Record<InvariantId, InvariantWords> = {
  'election-safety': {
    label: 'One leader',
    says: 'In one term at most one node leads. Two leaders of different terms may overlap for a moment; the older one can commit nothing.',
    compares:
      'Every node names the leader it follows and its term: all who name one of the same term must name the same. And a node stores one vote a term, which it keeps over restarts.',
  },
  'log-matching': {
    label: 'Logs match',
    says: 'If two logs hold an entry of the same index and term, they are equal in all entries up to it.',
    compares:
      'Each node hashes its log in blocks of 64 entries, as they come to its disk. Wherever two nodes have the same index and term, the hashes must be equal.',
  },
  'leader-completeness': {
    label: 'Leaders complete',
    says: 'What was committed in one term is in the log of every leader of a later term: no election loses it.',
    compares:
      'A new leader reports the log with which it was elected. It is held against the highest index that any node knew to be committed before.',
  },
  'state-machine-safety': {
    label: 'Equal states',
    says: 'All nodes apply the same entries in the same order, and so have the same state at the same revision.',
    compares:
      'Each node has a hash over all that it ever applied. At equal revisions the hashes must be equal, and what is committed at an index must be one entry.',
  },
  'never-back': {
    label: 'Nothing taken back',
    says: 'A node never goes back to an older term, never changes a vote, and never takes back what it called committed.',
    compares:
      'Each report is held against the one before it. Term and vote are on disk and must survive restarts; the commit index is learned anew in each life.',
  },
  timestamps: {
    label: 'Times rise',
    says: 'The times that leaders give to entries rise with every entry, whatever their clocks show: so "as of" has one answer.',
    compares:
      'Times of revisions, as any node reports them, must rise in the order of revisions, through every change of leader.',
  },
};

/** All of them in one sentence, without the age. */
export function summaryOf(invariants: readonly InvariantView[]): string {
  const broken = invariants.filter(({ status }) => status === 'fail').length;
  const held = invariants.filter(({ status }) => status === 'pass').length;
  const open = invariants.length - held - broken;
  const checks = invariants.reduce((sum, invariant) => sum + invariant.checks, 0);
  const count = `${checks.toLocaleString('en')} check${checks === 1 ? '' : 's'}`;
  if (broken > 0)
    return `${broken} of ${invariants.length} invariants ${broken === 1 ? 'is' : 'are'} violated, ${count}`;
  if (held === 0) return 'No invariant was checked yet';
  const rest = open > 0 ? `, ${open} not checked yet` : '';
  return `${held} invariant${held === 1 ? ' holds' : 's hold'}${rest}, ${count}`;
}

/** Server ms of the latest check of any; null before the first. */
export function lastCheckOf(invariants: readonly InvariantView[]): number | null {
  const times = invariants.flatMap(({ lastCheckedAtMs }) => lastCheckedAtMs ?? []);
  return times.length === 0 ? null : Math.max(...times);
}

/** The violation that was seen first; null while there is none. */
export function violationOf(invariants: readonly InvariantView[]): Violation | null {
  const all = invariants.flatMap(({ violation }) => violation ?? []);
  return all.sort((a, b) => a.eventSeq - b.eventSeq)[0] ?? null;
}

/** "0.2 s ago", "14 s ago", "3 min ago", "2 h ago". */
export function ago(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s ago`;
  if (seconds < 120) return `${Math.round(seconds)} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3600)} h ago`;
}
