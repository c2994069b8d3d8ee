/**
 * What a store was asked to do and has promised by a moment, from the marks that
 * its process made: one as it asks, one as it is told that it is done. What was
 * done must be found after a crash; what was only begun may be.
 */
import type { Operation } from './workload.ts';

type Subject = Operation['type'];

/** Numbers of the last request of a kind. */
interface Reached {
  readonly begun: number;
  readonly done: number;
}

export interface Progress {
  readonly log: Reached;
  readonly save: Reached;
  readonly stage: Reached;
  /** Times that the store was opened. */
  readonly opens: Reached;
  /** Who it was when it was opened; null before the first time. */
  readonly storeId: string | null;
}

const NOTHING: Reached = { begun: 0, done: 0 };
export const AT_FIRST: Progress = {
  log: NOTHING,
  save: NOTHING,
  stage: NOTHING,
  opens: NOTHING,
  storeId: null,
};

export const mark = {
  opening: (): string => 'opening',
  opened: (storeId: string): string => `opened ${storeId}`,
  begun: (subject: Subject, number: number): string => `begun ${subject} ${number}`,
  done: (subject: Subject, number: number): string => `done ${subject} ${number}`,
};

/** Throws for what is no mark. A snapshot counts as a change of the log and as a save: `installs` names both. */
export function progressed(
  before: Progress,
  text: string,
  installs: readonly { readonly log: number; readonly applied: number }[],
): Progress {
  const [what = '', about = '', of = ''] = text.split(' ');
  const { opens } = before;
  if (what === 'opening') return { ...before, opens: { ...opens, begun: opens.begun + 1 } };
  if (what === 'opened')
    return { ...before, storeId: about, opens: { ...opens, done: opens.done + 1 } };
  const number = Number(of);
  if (!isSubject(about) || (what !== 'begun' && what !== 'done') || !/^\d+$/.test(of))
    throw new Error(`"${text}" is no mark`);
  const after = { ...before, [about]: raised(before[about], what, number) };
  const install = about === 'log' ? installs.find(({ log }) => log === number) : undefined;
  if (install === undefined) return after;
  return { ...after, save: raised(after.save, what, install.applied) };
}

function isSubject(text: string): text is Subject {
  return text === 'log' || text === 'save' || text === 'stage';
}

function raised(reached: Reached, what: 'begun' | 'done', number: number): Reached {
  return { ...reached, [what]: Math.max(reached[what], number) };
}
